"""`kedro run --pipeline resume`: what was stopped goes on as if it had not been."""

import re
import signal

import pandas as pd
import pytest
from safetensors.numpy import load_file

SMOKE = ("run", "--env", "smoke")
RESUME = (*SMOKE, "--pipeline", "resume")
MEASURED = ["seconds", "images_per_second", "rss_bytes", "peak_rss_bytes", "gpu_bytes", "overhead_bytes"]
BATCHES_PER_EPOCH = 63


@pytest.mark.parametrize(
    ("stop", "code", "status"),
    [
        (signal.SIGKILL, -9, "RUNNING"),
        (signal.SIGTERM, 143, "KILLED"),
        (signal.SIGINT, 130, "KILLED"),
    ],
)
def test_a_training_stopped_within_an_epoch_ends_like_one_that_was_not(project, smoke_run, mlflow, stop, code, status):
    command = project.start(*SMOKE, "--params", "training.checkpoint_seconds=0.01")
    command.wait_until(lambda: project.checkpoints())  # by then the record has been opened
    # A metric of a running training can be seen before it ends.
    command.wait_until(lambda: any("validation_accuracy" in run.data.metrics for run in mlflow(project).runs()))
    command.wait_until(lambda: _is_within_an_epoch_after_the_first_growth(project))
    result = command.send(stop)

    assert result.code == code
    assert project.versions("06_models/network.safetensors") == []
    if stop != signal.SIGKILL:
        assert result.stderr == (
            "Stopped. `kedro run --pipeline resume --env smoke --params training.checkpoint_seconds=0.01` "
            "continues from the last checkpoint.\n"
        )
        assert not [path for path in project.files() if ".tmp" in path]
    [stopped] = mlflow(project).runs()
    assert stopped.info.status == status
    assert len(mlflow(project).history(stopped, "validation_accuracy")) < 4

    if stop == signal.SIGKILL:  # any later run tells what became of it
        project.succeed("run", "--env", "smoke", "--pipeline", "preprocess")
        statuses = {run.info.run_id: run.info.status for run in mlflow(project).runs()}
        assert sorted(statuses.values()) == ["FINISHED", "KILLED"]
        assert statuses[stopped.info.run_id] == "KILLED"

    resumed = project.succeed(*RESUME)

    assert not [path for path in project.files() if ".tmp" in path]
    assert re.search(r"Continuing from \S+update-\d+-epochs-\d+\.safetensors: [123] epochs completed", resumed.stdout)
    _assert_same_training(project, smoke_run.project)
    metrics = "08_reporting/test_metrics.json"
    assert project.path(metrics).read_bytes() == smoke_run.project.path(metrics).read_bytes()
    continued = mlflow(project).run(stopped.info.run_id)
    assert continued.info.status == "FINISHED"
    assert (continued.data.tags["pipeline"], continued.data.tags["resumed.pipeline"]) == ("__default__", "resume")
    # An epoch that ended after the last checkpoint before a kill is trained once more, but not told once more.
    assert [metric.step for metric in mlflow(project).history(continued, "validation_accuracy")] == [1, 2, 3, 4]
    assert continued.data.metrics["test_accuracy"] > 0.8


def test_a_finished_training_ends_the_command_and_goes_on_only_if_epochs_are_added(trained, mlflow):
    before = trained.files()

    refused = trained.kedro(*RESUME, "--params", "training.learning_rate=0.1,growth.growth_rate=8,training.epochs=6")

    assert refused.code == 1
    assert refused.stderr.startswith("Error: The checkpoint belongs to another training: ")
    assert "growth.growth_rate was 16 and is 8" in refused.stderr
    assert "training.learning_rate was 0.004 and is 0.1" in refused.stderr
    assert "training.epochs was" not in refused.stderr
    assert refused.stderr.count("\n") == 1

    unchanged = trained.succeed("run", "--pipeline", "resume")  # the default environment has 100 epochs

    assert "Nothing to resume: this training has completed all its 4 epochs (network 20" in unchanged.stdout
    assert "--params training.epochs=8`" in unchanged.stdout
    assert trained.files() == before
    assert trained.recorded_runs() == 0

    extended = trained.succeed("run", "--pipeline", "resume", "--params", "training.epochs=6")

    assert "Changed on resume: training.epochs 4 -> 6; the learning rate schedule " in extended.stdout
    history = pd.read_parquet(trained.path("06_models/training_history.parquet"))
    assert history["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert history["batch_size"].tolist() == [64] * 6
    assert len(trained.versions("06_models/network.safetensors")) == 2
    [run] = mlflow(trained).runs()
    assert run.data.params["training.epochs"] == "6"
    assert run.data.params["training.batch_size"] == "64"
    assert run.data.tags["continues"]
    assert not [name for name in run.data.tags if name.startswith("changed.")]
    assert [metric.step for metric in mlflow(trained).history(run, "validation_accuracy")] == [1, 2, 3, 4, 5, 6]
    report = trained.path("08_reporting/report.html").read_text()
    assert "training.epochs</th><td>6</td>" in report

    again = trained.succeed("run", "--pipeline", "resume")
    assert "has completed all its 6 epochs" in again.stdout


def test_without_a_checkpoint_there_is_nothing_to_go_on_from(project):
    before = project.files()

    result = project.kedro(*RESUME)

    assert result.code == 1
    assert result.stderr == (
        f"Error: There is no readable checkpoint in {project.folder}/data/06_models/checkpoints: "
        "start a training with `kedro run` first\n"
    )
    assert project.files() == before


def _is_within_an_epoch_after_the_first_growth(project):
    updates = [int(path.name.split("-")[1]) for path in project.checkpoints()]
    return bool(updates) and updates[-1] > BATCHES_PER_EPOCH and updates[-1] % BATCHES_PER_EPOCH != 0


def _assert_same_training(project, other):
    network, history = "06_models/network.safetensors", "06_models/training_history.parquet"
    _assert_same_network(project.path(network), other.path(network))
    tables = [pd.read_parquet(each.path(history)).drop(columns=MEASURED) for each in (project, other)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def _assert_same_network(path, other):
    tensors, others = load_file(path), load_file(other)
    assert tensors.keys() == others.keys()
    assert {name for name in tensors if tensors[name].tobytes() != others[name].tobytes()} == set()
