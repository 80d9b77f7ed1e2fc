"""`kedro run --pipeline analyse`."""

import pandas as pd


def test_it_leaves_tables_and_figures_and_records_what_they_come_to(smoke_run, analysed, mlflow):
    made = {path.split("/")[1] for path in set(analysed.files()) - set(smoke_run.project.files())}

    assert {"style_effects.parquet", "style_interventions.parquet", "style_effects_figure.json"} <= made
    assert "test_metrics.json" not in made
    effects = pd.read_parquet(analysed.path("08_reporting/style_effects.parquet"))
    assert set(effects.groupby("measure")["examples"].sum()) == {500}
    difficulty = pd.read_parquet(analysed.path("07_model_output/digit_difficulty.parquet"))
    assert difficulty["part"].value_counts().to_dict() == {"training": 4050, "validation": 450, "test": 500}
    record = mlflow(analysed)
    _report, analysis = record.runs()
    artifacts = record.artifacts(analysis)
    assert {"tables/style_effects.csv", "tables/suspected_labels.csv", "figures/class_images_figure.json"} <= artifacts
    assert "tables/digit_difficulty.csv" not in artifacts
