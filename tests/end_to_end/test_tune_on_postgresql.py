"""`kedro run --pipeline tune` with `tune.storage`: two processes, in two projects, share one study."""

import pandas as pd
import postgresql

TUNE = ("run", "--env", "smoke", "--pipeline", "tune", "--params")
SMALL = "tune.recipe.training.epochs=1,tune.pruner=none,studies.workers=1"


def test_two_processes_share_the_trainings_of_a_study(smoke_run, empty_database, tmp_path, mlflow):
    projects = [smoke_run.project.copy(tmp_path / name, empty_database) for name in ("one", "two")]
    with postgresql.server(tmp_path / "server") as url:
        shared = f"{SMALL},tune.trials=4,tune.storage={url}"
        for ended in [project.start(*TUNE, shared) for project in projects]:
            result = ended.wait()
            assert (result.code, result.stderr) == (0, ""), result
        done = []
        for project in projects:
            [run] = [run for run in mlflow(project).runs() if run.data.tags.get("pipeline") == "tune"]
            children = [
                each for each in mlflow(project).runs() if each.data.tags.get("mlflow.parentRunId") == run.info.run_id
            ]
            done.append({each.data.tags["study.key"] for each in children})
        assert all(done)  # both took part
        assert not done[0] & done[1]  # no training was done twice
        again = projects[0].succeed(*TUNE, shared)  # nothing is left to do
        assert "of epoch" not in again.stdout
        table = pd.read_parquet(projects[0].path("08_reporting/tuning_trials.parquet"))
        assert len(table) == len(done[0] | done[1])
        assert set(table["state"]) == {"complete"}

    refused = projects[1].kedro(*TUNE, shared)
    assert refused.code == 1
    assert "finished trainings are kept: start it or correct the URL, then run again" in refused.stderr
    assert refused.stderr.count("\n") == 1
