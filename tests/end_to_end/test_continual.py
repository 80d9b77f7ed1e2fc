"""`kedro run --pipeline continual`, and its section of the report."""

import pandas as pd

SMALL = "continual.scenarios=[split_task],continual.methods=[naive,growth],continual.seeds=1"


def test_continual_learning_leaves_tables_and_a_section_of_the_report(trained):
    trained.succeed("run", "--env", "smoke", "--pipeline", "continual", "--params", SMALL)

    table = pd.read_parquet(trained.path("08_reporting/continual_learning.parquet"))
    assert {"method", "seed", "tasks_trained", "task", "accuracy", "scenario"} <= set(table.columns)
    assert len(table) == 2 * 15  # 1 + 2 + ... + 5 tasks of each method
    forgetting = pd.read_parquet(trained.path("08_reporting/continual_forgetting.parquet")).set_index("method")
    assert forgetting.loc["growth", "forgetting"] == 0

    trained.succeed("run", "--env", "smoke", "--pipeline", "report")
    assert "Accuracy and forgetting by method" in trained.path("08_reporting/report.html").read_text()
