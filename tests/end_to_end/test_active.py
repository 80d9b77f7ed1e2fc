"""`kedro run --pipeline active`, and its section of the report."""

import pandas as pd

SMALL = "active.strategies=[random,margin],active.labels=[50,100],active.seeds=1,active.recipe.training.epochs=1"


def test_active_learning_leaves_tables_child_runs_and_a_section_of_the_report(trained, mlflow):
    trained.succeed("run", "--env", "smoke", "--pipeline", "active", "--params", SMALL)

    table = pd.read_parquet(trained.path("08_reporting/active_learning.parquet"))
    assert {"strategy", "seed", "labels", "accuracy"} <= set(table.columns)
    rounds = list(zip(table["strategy"], table["labels"], strict=True))
    assert rounds == [("margin", 50), ("margin", 100), ("random", 50), ("random", 100)]
    assert table["accuracy"].between(0, 1).all()

    record = mlflow(trained)
    newest = next(run for run in record.runs() if run.data.tags.get("pipeline") == "active")
    children = [run for run in record.runs() if run.data.tags.get("mlflow.parentRunId") == newest.info.run_id]
    assert {run.info.run_name for run in children} == {"random seed=0", "margin seed=0"}
    assert all(len(record.history(run, "accuracy")) == 2 for run in children)

    trained.succeed("run", "--env", "smoke", "--pipeline", "report")
    assert "Labels needed by strategy" in trained.path("08_reporting/report.html").read_text()
