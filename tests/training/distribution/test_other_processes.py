"""A training that continues in another number of processes."""

import logging
import os
import signal

import pytest
from distributed_training import (
    Disturbing,
    assert_nothing_remains,
    distribution,
    largest_difference,
    make_job,
    run,
    same_bytes,
    tensors_of,
)
from example_training import Training

from mnist_growth.machine import Terminated
from mnist_growth.training import CheckpointStore, Monitors, ResumeConfig, continue_training

RESUME = ResumeConfig(schedule="continue")
TOLERANCE = 1e-4
"""Of the largest entry of a tensor, in float32. The processes divide batches and sums differently."""


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The folder of a training in two processes that was stopped after its first epoch, and what it would have been."""
    folder = tmp_path_factory.mktemp("stopped")
    whole = run(make_job(CheckpointStore(folder / "whole")))
    monitor = Disturbing(lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Terminated):
        run(make_job(CheckpointStore(folder / "first"), training={"checkpoint_seconds": 1e9}), monitor)
    return folder / "first", whole


def test_three_processes_continue_with_nearly_the_same_result(stopped, tmp_path, caplog):
    first, whole = stopped
    store = CheckpointStore(tmp_path / "second", earlier=first)
    with caplog.at_level(logging.INFO):
        found = run(make_job(store, distribution(processes=3), resume=RESUME))
    assert 0 < largest_difference(found, whole) <= TOLERANCE
    assert "distribution.processes 2 -> 3; the result is not the same bit for bit" in caplog.text
    assert_nothing_remains()


def test_one_process_continues_with_nearly_the_same_result(stopped, tmp_path, caplog):
    first, whole = stopped
    store = CheckpointStore(tmp_path / "second", earlier=first)
    given = Training(training={"checkpoint_seconds": 1e9, "epochs": 2})
    with caplog.at_level(logging.INFO):
        training = continue_training(given.setup, given.digits, given.split, store.latest(), given.machine, RESUME)
        training.run(store, Monitors([]))
    found = tensors_of(training.state)
    assert largest_difference(found, whole) <= TOLERANCE
    assert not same_bytes(found, whole)
    assert "distribution.processes 2 -> 1; the result is not the same bit for bit" in caplog.text
