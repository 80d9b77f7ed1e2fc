"""`kedro run --pipeline sweep`, interrupted and continued."""

import pandas as pd

SMOKE = ("run", "--env", "smoke", "--pipeline", "sweep", "--params")
RATES = (
    "sweep.parameters=[{name: training.learning_rate, values: [0.001, 0.004]}],sweep.pairs=[],"
    "sweep.recipe.training.epochs=1"
)


def test_a_sweep_leaves_tables_child_runs_and_trainings_that_are_not_repeated(trained, mlflow):
    refused = trained.kedro(*SMOKE, "sweep.recipe.training.epoch=1")
    assert refused.code == 1
    assert (
        "parameter 'training.epoch', which a training does not have; did you mean 'training.epochs'" in refused.stderr
    )

    trained.succeed(*SMOKE, f"{RATES},sweep.seeds=1,studies.workers=1")
    folder = trained.folder / "data/06_models/studies"
    kept = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(kept) == 2

    trained.succeed(*SMOKE, f"{RATES},sweep.seeds=2,studies.workers=2")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len(list(folder.iterdir())) == 4

    table = pd.read_parquet(trained.path("08_reporting/sweep.parquet"))
    contract = ["parameter", "value", "seed", "validation_accuracy", "test_accuracy", "peak_rss_bytes", "seconds"]
    assert set(contract) <= set(table.columns)
    assert sorted(zip(table["value"], table["seed"], strict=True)) == [(0.001, 0), (0.001, 1), (0.004, 0), (0.004, 1)]
    assert table["validation_accuracy"].between(0, 1).all()

    record = mlflow(trained)
    newest, older = [run for run in record.runs() if run.data.tags.get("pipeline") == "sweep"][:2]
    children = {
        parent.info.run_id: [
            run for run in record.runs() if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id
        ]
        for parent in (newest, older)
    }
    assert [len(children[parent.info.run_id]) for parent in (newest, older)] == [4, 2]
    names = {run.info.run_name for run in children[newest.info.run_id]}
    assert "learning_rate=0.001 seed=1" in names
    assert all(run.info.status == "FINISHED" for run in children[newest.info.run_id])
    assert all(len(record.history(run, "validation_accuracy")) == 1 for run in children[newest.info.run_id])
    assert {"tables/sweep.csv", "figures/sweep_accuracy_figure.json"} <= record.artifacts(newest)

    trained.succeed("run", "--env", "smoke", "--pipeline", "report")
    assert "Documented and measured ranges" in trained.path("08_reporting/report.html").read_text()
