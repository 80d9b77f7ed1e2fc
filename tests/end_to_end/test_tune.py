"""`kedro run --pipeline tune`, continued, and the environment that it writes."""

import pandas as pd
import yaml

from mnist_growth.configuration import load_parameters

SMOKE = ("run", "--env", "smoke", "--pipeline", "tune", "--params")
SMALL = "tune.recipe.training.epochs=1,tune.pruner=none,studies.workers=1"


def test_a_search_writes_the_environment_of_its_best_parameters_and_continues(trained, mlflow):
    trained.succeed(*SMOKE, f"{SMALL},tune.trials=1")
    trained.succeed(*SMOKE, f"{SMALL},tune.trials=2")

    table = pd.read_parquet(trained.path("08_reporting/tuning_trials.parquet"))
    best = table.iloc[int(table["validation_loss"].argmin())]
    written = yaml.safe_load(trained.path("08_reporting/best_parameters.yml").read_text())
    assert table["state"].tolist() == ["complete", "complete"]
    assert written["training"]["learning_rate"] == best["training.learning_rate"]
    parameters = load_parameters(trained.folder / "conf", "tuned")
    assert parameters["training"]["learning_rate"] == best["training.learning_rate"]
    assert parameters["training"]["epochs"] == 100

    record = mlflow(trained)
    newest = next(run for run in record.runs() if run.data.tags.get("pipeline") == "tune")
    children = [run for run in record.runs() if run.data.tags.get("mlflow.parentRunId") == newest.info.run_id]
    assert len(children) == 1  # the first training was not repeated

    refused = trained.kedro(
        *SMOKE, f"{SMALL},tune.search_space=[{{name: training.learning_rate, low: 0.1, high: 0.2}}]"
    )
    assert refused.code == 1
    assert "The study tune was begun with other values of search_space.training.batch_size" in refused.stderr
