"""`kedro run --pipeline search`, and its section of the report."""

import pandas as pd

SMALL = "search.seeds=1,search.budget_multiply_adds=1.2e9"


def test_a_search_leaves_fronts_child_runs_and_a_section_of_the_report(trained, mlflow):
    trained.succeed("run", "--env", "smoke", "--pipeline", "search", "--params", SMALL)

    front = pd.read_parquet(trained.path("08_reporting/search_front.parquet"))
    assert {"widths", "multiply_adds", "parameters", "validation_accuracy", "test_accuracy"} <= set(front.columns)
    assert set(front["method"]) == {"growth", "evolution", "random"}
    networks = pd.read_parquet(trained.path("08_reporting/search_networks.parquet"))
    assert networks["is_front"].sum() == len(front)
    assert networks["work"].max() <= 1.2e9

    record = mlflow(trained)
    newest = next(run for run in record.runs() if run.data.tags.get("pipeline") == "search")
    children = [run for run in record.runs() if run.data.tags.get("mlflow.parentRunId") == newest.info.run_id]
    assert len(children) == len(networks) + 1  # the network that grows

    trained.succeed("run", "--env", "smoke", "--pipeline", "report")
    assert "Hypervolume by method" in trained.path("08_reporting/report.html").read_text()
