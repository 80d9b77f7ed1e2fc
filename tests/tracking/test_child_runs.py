import signal

import pytest

from mnist_growth.machine import Terminated
from mnist_growth.tracking import Status, Tracker
from tracked_runs import PARAMETERS, client_of, in_new_process, start


def run_of(tracker):
    """What MLflow has of a run."""
    return client_of(tracker).get_run(tracker.run_id)


def children_of(parent):
    """Child runs by their names."""
    query = f"tags.`mlflow.parentRunId` = '{parent.run_id}'"
    runs = client_of(parent).search_runs([run_of(parent).info.experiment_id], query)
    return {run.info.run_name: run for run in runs}


def epochs_of(tracker, run_id, metric="train_loss"):
    return [value.step for value in client_of(tracker).get_metric_history(run_id, metric)]


def test_a_child_run_has_its_own_parameters_metrics_and_tags_below_its_parent(project):
    parent = start(project)
    with parent.child_run("trial 1", {"growth": {"growth_rate": 32}}, {"seed": "3"}) as child:
        for epoch in (1, 2):
            child.log_epoch({"epoch": epoch, "train_loss": 1 / epoch})
            assert epochs_of(parent, child.run_id) == list(range(1, epoch + 1))  # while it runs
        assert run_of(child).info.status == "RUNNING"
        child.log_metrics({"accuracy": 0.9}, prefix="test_")

    [(name, run)] = children_of(parent).items()
    assert (name, run.info.run_id, run.info.status) == ("trial 1", child.run_id, "FINISHED")
    assert run.data.params == {"growth.growth_rate": "32"}
    assert run.data.metrics == {"train_loss": 0.5, "loss/train": 0.5, "test_accuracy": 0.9}
    assert run.data.tags["seed"] == "3"
    assert run.info.experiment_id == run_of(parent).info.experiment_id
    assert run_of(parent).info.status == "RUNNING"
    assert run_of(parent).data.metrics == {}
    assert run_of(parent).data.params == {
        "dataset": "sample",
        "training.learning_rate": "0.002",
        "training.batch_size": "128",
    }


def test_what_a_child_run_receives_after_its_end_is_not_recorded_and_the_parent_continues(project):
    parent = start(project)
    with parent.child_run("trial", {}) as child:
        pass
    child.log_metrics({"accuracy": 0.9})
    parent.log_metrics({"accuracy": 0.8})

    assert not child.active
    assert run_of(child).data.metrics == {}
    assert run_of(parent).data.metrics == {"accuracy": 0.8}


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ValueError("the loss\n is not finite"), "FAILED", "the loss is not finite"),
        (AssertionError(), "FAILED", "AssertionError"),
        (KeyboardInterrupt(), "KILLED", "stopped by Ctrl-C"),
        (Terminated(), "KILLED", "stopped by SIGTERM"),
    ],
)
def test_an_error_or_a_signal_ends_the_child_run_and_reaches_the_study(project, error, status, reason):
    parent = start(project)
    with pytest.raises(type(error)) as raised, parent.child_run("trial", PARAMETERS) as child:
        raise error

    assert raised.value is error
    assert run_of(child).info.status == status
    assert run_of(child).data.tags["ended"] == reason
    assert run_of(parent).info.status == "RUNNING"
    with parent.child_run("next trial", PARAMETERS):
        pass
    assert children_of(parent)["next trial"].info.status == "FINISHED"


def test_a_pruned_child_run_is_finished_and_says_when_it_was_pruned(project):
    parent = start(project)
    with parent.child_run("trial", {}) as child:
        child.mark_pruned(epoch=5)

    assert run_of(child).info.status == "FINISHED"
    assert run_of(child).data.tags["pruned"] == "after epoch 5"


def test_without_a_tracked_parent_a_child_run_is_not_tracked(project):
    for child_run in (Tracker().child_run("trial", {}), Tracker.child_of(project, "", "trial", {})):
        with child_run as child:
            child.log_epoch({"epoch": 1, "train_loss": 0.5})
        assert not child.active
        assert child.run_id == ""


STUDY = """
import sys, time
from pathlib import Path
from mnist_growth.tracking import Tracker
parent = Tracker.start(Path(sys.argv[1]), "study", {}, {})
with parent.child_run("trial", {}) as child:
    print(parent.run_id, child.run_id, flush=True)
    time.sleep(60)
"""


def test_a_killed_study_leaves_no_run_that_looks_alive(project):
    process = in_new_process(STUDY, str(project))
    try:
        run_ids = process.stdout.readline().split()
        assert len(run_ids) == 2, process.communicate()
        process.send_signal(signal.SIGKILL)
        process.wait()

        later = start(project)

        assert [client_of(later).get_run(run_id).info.status for run_id in run_ids] == ["KILLED", "KILLED"]
    finally:
        process.kill()
        process.communicate()


WORKER = """
import sys, time
from pathlib import Path
from mnist_growth.tracking import Tracker
project, parent, worker = sys.argv[1:]
print("ready", flush=True)
for trial in range(3):
    with Tracker.child_of(Path(project), parent, f"trial {worker}.{trial}", {"trial": trial}) as child:
        for epoch in range(1, 11):
            child.log_epoch({"epoch": epoch, "train_loss": 1 / epoch})
with Tracker.child_of(Path(project), parent, f"trial {worker}.killed", {}) as child:
    child.log_epoch({"epoch": 1, "train_loss": 0.5})
    print("waiting", flush=True)
    time.sleep(60)
"""


def test_several_processes_record_child_runs_of_one_parent_at_once_and_can_be_killed(project):
    parent = start(project)
    processes = [in_new_process(WORKER, str(project), parent.run_id, f"{number}") for number in range(2)]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n", process.communicate()
        with parent.child_run("trial of the parent", {}) as own:
            for epoch in range(1, 11):
                own.log_epoch({"epoch": epoch, "train_loss": 1 / epoch})
        for process in processes:
            assert process.stdout.readline() == "waiting\n", process.communicate()
            process.send_signal(signal.SIGKILL)
            process.wait()
        start(project)

        runs = children_of(parent)
        statuses = {name: run.info.status for name, run in runs.items()}
        trials = [f"trial {worker}.{trial}" for worker in range(2) for trial in range(3)]
        assert statuses == {
            "trial of the parent": "FINISHED",
            **dict.fromkeys(trials, "FINISHED"),
            "trial 0.killed": "KILLED",
            "trial 1.killed": "KILLED",
        }
        for name in [*trials, "trial of the parent"]:
            assert epochs_of(parent, runs[name].info.run_id) == list(range(1, 11))
        assert run_of(parent).info.status == "RUNNING"
        parent.end(Status.FINISHED)
        assert run_of(parent).info.status == "FINISHED"
    finally:
        for process in processes:
            process.kill()
            process.communicate()
