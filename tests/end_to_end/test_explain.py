"""`kedro run --pipeline explain`."""

import json
from typing import get_args

import pandas as pd

from mnist_growth.inspection.explanation import MethodName


def test_it_leaves_metrics_tables_and_figures_and_records_what_they_come_to(analysed, explained, mlflow):
    made = {path.split("/")[1] for path in set(explained.files()) - set(analysed.files())}
    metrics = json.loads(explained.path("08_reporting/explanation_metrics.json").read_text())
    quality = pd.read_parquet(explained.path("08_reporting/attribution_quality.parquet"))
    record = mlflow(explained)
    _report, explanation = record.runs()[:2]
    artifacts = record.artifacts(explanation)

    assert {"attribution_curves.parquet", "attributions_figure.json"} <= made
    assert "test_metrics.json" not in made
    assert set(metrics["deletion_auc"]) == {*get_args(MethodName), "random_order", "grey_values"}
    assert metrics["completeness_error"]["integrated_gradients"] < 1e-3
    assert set(quality["digits"]) == {20}
    assert {
        "explanation_metrics.json",
        "tables/attribution_quality.csv",
        "tables/cohort_conductance.csv",
        "figures/attributions_figure.json",
        "figures/margins_figure.json",
    } <= artifacts
    logged = explanation.data.metrics
    assert logged["explanation_deletion_auc.saliency"] == metrics["deletion_auc"]["saliency"]


def test_the_report_shows_the_explanation(explained):
    page = explained.path("08_reporting/report.html").read_text("utf-8")
    assert '<section id="attributions">' in page
    assert "integrated gradients (black)" in page
    assert '<section id="explained-units">' in page
    assert '<section id="boundary">' in page
