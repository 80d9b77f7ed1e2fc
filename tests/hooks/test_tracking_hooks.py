import os
import signal
import subprocess
from dataclasses import fields

import pytest
from kedro.io import DatasetError

from mnist_growth.hooks import (
    TrackingHooks,
    git_commit,
)
from mnist_growth.hooks import record as hooks
from mnist_growth.hooks.monitor import TrackingMonitor
from mnist_growth.machine import raise_on_signals
from mnist_growth.tracking import Status
from mnist_growth.training import EpochRecord, GrowthEvent


def no_such_program(*_arguments, **_options):
    raise FileNotFoundError(2, "No such file or directory", "git")


def loading_failed(error):
    """An error of a dataset, as Kedro raises it."""
    try:
        raise DatasetError("Failed while loading data from dataset X") from error
    except DatasetError as failed:
        return failed


class Tracker:
    """Records its calls."""

    def __init__(self):
        self.run_id = "run 1"
        self.calls = []

    def __getattr__(self, name):
        return lambda *arguments, **options: self.calls.append((name, *arguments, *options.items()))


def test_epochs_and_growths_reach_the_tracked_run():
    tracker = Tracker()
    monitor = TrackingMonitor(tracker)
    values = {field.name: 0 for field in fields(EpochRecord)}
    record = EpochRecord(**values | {"epoch": 3, "widths": "96-128", "validation_accuracy": 0.25})
    event = GrowthEvent(
        epoch=3, operator="zero_fan_out", trigger="schedule", layers=(1,), widths_before=(64,), widths_after=(128,),
        parameters_before=5, parameters_after=10, largest_logit_change=0.0, largest_logit=1.0, gradient_gains=(0.5,),
    )  # fmt: skip

    monitor.grew(event)
    monitor.epoch(record)

    assert monitor.run_id == "run 1"
    assert monitor.should_stop() is False
    (tags, growth), (method, row) = tracker.calls
    assert (tags, method) == ("log_tags", "log_epoch")
    assert "zero_fan_out" in growth["growth.epoch_0003"]
    assert (row["epoch"], row["width"], row["validation_accuracy"]) == (3, 128, 0.25)


@pytest.mark.parametrize(
    ("end", "status", "reason"),
    [
        (lambda tracking: tracking.on_pipeline_error(RuntimeError("two\n lines")), Status.FAILED, "two lines"),
        (lambda tracking: tracking.interrupted("stopped by Ctrl-C"), Status.KILLED, "stopped by Ctrl-C"),
    ],
)
def test_a_run_that_does_not_finish_is_closed_with_the_reason(end, status, reason):
    tracking = TrackingHooks()
    tracking.tracker = Tracker()

    end(tracking)

    assert tracking.tracker.calls == [("end", status, ("reason", reason))]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("refused"),
        FileNotFoundError("refused"),
        DatasetError("refused"),
        loading_failed(ValueError("refused")),
    ],
)
def test_a_run_whose_first_node_refuses_its_inputs_is_discarded(error):
    tracking = TrackingHooks()
    tracking.tracker = Tracker()

    tracking.on_pipeline_error(error)
    assert tracking.tracker.calls == [("discard",)]

    tracking.after_node_run()
    tracking.on_pipeline_error(error)
    assert tracking.tracker.calls[1][:2] == ("end", Status.FAILED)


@pytest.mark.parametrize("error", [MemoryError(), FloatingPointError(), loading_failed(OSError(28, "disk full"))])
def test_a_run_whose_first_node_fails_is_kept(error):
    tracking = TrackingHooks()
    tracking.tracker = Tracker()

    tracking.on_pipeline_error(error)

    assert [call[:2] for call in tracking.tracker.calls] == [("end", Status.FAILED)]


def test_a_training_that_has_started_is_kept_whatever_ends_it():
    tracking = TrackingHooks()
    tracking.tracker = Tracker()
    tracking.monitor = TrackingMonitor(tracking.tracker)
    tracking.monitor.started(0, 3, 10)

    tracking.on_pipeline_error(FileNotFoundError("the folder of the checkpoints is gone"))

    assert tracking.tracker.calls[-1][:2] == ("end", Status.FAILED)
    assert ("discard",) not in tracking.tracker.calls


def test_a_run_whose_interruption_became_another_error_is_not_closed_as_failed(signal_handlers):
    tracking = TrackingHooks()
    tracking.tracker = Tracker()

    def stopped_while_loading():
        with raise_on_signals():
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                tracking.on_pipeline_error(TypeError("could not determine the shape of object type"))

    with pytest.raises(KeyboardInterrupt):
        stopped_while_loading()
    assert tracking.tracker.calls == []


def test_the_commit_says_whether_files_have_changed_since(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ("-c", "user.name=x", "-c", "user.email=x@x")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit(tmp_path) == "none"
    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "first")
    clean = git_commit(tmp_path)
    (tmp_path / "file").write_text("two")

    assert len(clean) == 40
    assert git_commit(tmp_path) == f"{clean}+"


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(hooks.subprocess, "run", no_such_program)

    assert git_commit(tmp_path) == "none"
