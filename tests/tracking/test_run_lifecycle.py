import signal

import pytest

from mnist_growth.tracking import Status
from tracked_runs import client_of, in_new_process, start


def test_a_run_keeps_flat_parameters_tags_and_its_end(project):
    tracker = start(project)
    tracker.log_tags({"network_version": "2026-01-01T00.00.00.000Z"})
    tracker.end(Status.FINISHED)

    run = client_of(tracker).get_run(tracker.run_id)
    assert run.data.params == {"dataset": "sample", "training.learning_rate": "0.002", "training.batch_size": "128"}
    assert run.data.tags["pipeline"] == "train"
    assert run.data.tags["network_version"] == "2026-01-01T00.00.00.000Z"
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "training"
    assert client_of(tracker).get_experiment(run.info.experiment_id).name == "mnist-growth"


def test_a_continued_run_keeps_its_parameters_and_names_those_that_changed(project):
    first = start(project)
    first.log_epoch({"epoch": 1, "train_loss": 0.5})
    first.end(Status.KILLED, "interrupted")

    changed = {"dataset": "sample", "training": {"learning_rate": 0.001, "batch_size": 128}, "device": "cpu"}
    second = start(project, parameters=changed, tags={"pipeline": "resume"}, run_id=first.run_id)
    second.log_epoch({"epoch": 2, "train_loss": 0.25})

    assert second.run_id == first.run_id
    run = client_of(second).get_run(second.run_id)
    assert run.info.status == "RUNNING"
    assert run.data.params["training.learning_rate"] == "0.002"
    assert run.data.params["device"] == "cpu"
    assert run.data.tags["changed.training.learning_rate"] == "0.001"
    assert "changed.training.batch_size" not in run.data.tags
    assert run.data.tags["pipeline"] == "train"
    assert run.data.tags["resumed.pipeline"] == "resume"
    assert not any(name.startswith("resumed.process") for name in run.data.tags)
    assert "ended" not in run.data.tags
    assert [metric.step for metric in client_of(second).get_metric_history(second.run_id, "train_loss")] == [1, 2]


def test_a_discarded_run_is_not_among_the_runs_unless_it_continues_another(project):
    discarded = start(project)
    discarded.discard()
    kept = start(project)
    kept.end(Status.KILLED)
    continued = start(project, run_id=kept.run_id)
    continued.discard()

    runs = client_of(kept).search_runs([client_of(kept).get_run(kept.run_id).info.experiment_id])
    assert [(run.info.run_id, run.info.status) for run in runs] == [(kept.run_id, "FAILED")]
    assert not discarded.active


def test_an_epoch_that_a_continued_run_has_is_not_logged_twice(project):
    """As after a kill: the epochs since the last checkpoint are trained again."""
    first = start(project)
    for epoch in (1, 2):
        first.log_epoch({"epoch": epoch, "train_loss": 1 / epoch, "seconds": 5.0})

    second = start(project, run_id=first.run_id)
    for epoch in (2, 3):
        second.log_epoch({"epoch": epoch, "train_loss": 1 / epoch, "seconds": 6.0, "new": 7.0})

    def history(metric):
        found = client_of(second).get_metric_history(second.run_id, metric)
        return [(value.step, value.value) for value in found]

    assert history("train_loss") == [(1, 1.0), (2, 0.5), (3, 1 / 3)]
    assert history("seconds") == [(1, 5.0), (2, 5.0), (3, 6.0)]
    assert history("new") == [(2, 7.0), (3, 7.0)]


@pytest.mark.parametrize("deleted", [True, False])
def test_a_run_that_is_gone_is_replaced_by_a_new_one_that_names_it(project, deleted):
    if deleted:
        gone = start(project)
        gone.end(Status.FINISHED)
        client_of(gone).delete_run(gone.run_id)
        run_id = gone.run_id
    else:
        run_id = "0" * 32

    tracker = start(project, run_id=run_id)

    assert tracker.run_id != run_id
    assert client_of(tracker).get_run(tracker.run_id).data.tags["continues"] == run_id


def test_long_and_many_parameters_are_taken(project):
    many = {f"p{number}": "x" * 7000 for number in range(150)}

    tracker = start(project, parameters=many)

    params = client_of(tracker).get_run(tracker.run_id).data.params
    assert len(params) == 150
    assert params["p149"] == "x" * 6000


TRAIN_FOR_LONG = """
import sys, time
from pathlib import Path
from mnist_growth.tracking import Tracker
tracker = Tracker.start(Path(sys.argv[1]), "training", {}, {})
tracker.log_epoch({"epoch": 1, "train_loss": 0.5})
print(tracker.run_id, flush=True)
time.sleep(60)
"""


def test_a_run_is_watched_from_another_process_and_marked_when_its_own_is_killed(project):
    process = in_new_process(TRAIN_FOR_LONG, str(project))
    try:
        run_id = process.stdout.readline().strip()
        assert run_id, process.communicate()

        while_it_trains = start(project)
        run = client_of(while_it_trains).get_run(run_id)
        assert run.info.status == "RUNNING"
        assert run.data.metrics == {"train_loss": 0.5, "loss/train": 0.5}

        process.send_signal(signal.SIGKILL)
        process.wait()
        afterwards = start(project)
        run = client_of(afterwards).get_run(run_id)
        assert run.info.status == "KILLED"
        assert run.data.tags["ended"].startswith(f"killed: process {process.pid} no longer existed at 20")
        assert client_of(afterwards).get_run(while_it_trains.run_id).info.status == "RUNNING"
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("tag", "value", "status"),
    [
        ("process.created", "1000.0", "KILLED"),  # the number was given to another process since
        ("process.host", "another-host", "RUNNING"),
    ],
)
def test_a_run_is_identified_by_host_and_by_the_start_time_of_its_process(project, tag, value, status):
    tracker = start(project)
    tracker.log_tags({tag: value})

    start(project)

    assert client_of(tracker).get_run(tracker.run_id).info.status == status


def test_a_run_that_ends_while_abandoned_runs_are_closed_keeps_its_status(project, monkeypatch):
    """Its process can end between the search for running runs and the look at the process."""
    ending = start(project)

    def ends_now(*_):
        ending.end(Status.FINISHED)
        return False

    monkeypatch.setattr("mnist_growth.tracking.processes._is_alive", ends_now)
    start(project)

    run = client_of(ending).get_run(ending.run_id)
    assert run.info.status == "FINISHED"
    assert "ended" not in run.data.tags


FAIL = """
import sys
from pathlib import Path
from mnist_growth.tracking import Status, Tracker
assert "mlflow" not in sys.modules  # its import takes seconds
tracker = Tracker.start(Path(sys.argv[1]), "training", {}, {})
tracker.end(Status.FAILED, "the loss is not finite")
print(tracker.run_id)
sys.exit("the end")
"""


def test_a_new_database_is_made_without_output_and_a_failed_run_stays_failed_when_the_process_ends(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_LOGGING_LEVEL", raising=False)

    output, errors = in_new_process(FAIL, str(tmp_path)).communicate(timeout=120)

    assert errors == "the end\n"
    run = client_of(start(tmp_path)).get_run(output.strip())
    assert run.info.status == "FAILED"
    assert run.data.tags["ended"] == "the loss is not finite"


def test_after_its_end_a_run_is_not_written_to(project):
    tracker = start(project)
    tracker.end(Status.FAILED)
    tracker.log_metrics({"accuracy": 1.0})
    tracker.end(Status.FINISHED)

    run = client_of(tracker).get_run(tracker.run_id)
    assert run.info.status == "FAILED"
    assert not run.data.metrics


def test_a_run_is_shown_below_the_first_one_with_a_tag(project):
    training = start(project, tags={"version.network": "2026"})
    start(project, tags={"version.network": "2026"})

    below = start(project, below=("version.network", "2026"))
    alone = start(project, below=("version.network", "2025"))

    tags = [client_of(run).get_run(run.run_id).data.tags for run in (below, alone)]
    assert [one.get("mlflow.parentRunId") for one in tags] == [training.run_id, None]
