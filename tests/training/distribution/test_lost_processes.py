"""Processes that are killed, hang or run out of memory, and a training that ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from distributed_training import (
    Disturbing,
    FaultyStore,
    assert_nothing_remains,
    distribution,
    make_job,
    run,
    same_bytes,
    workers,
)

from mnist_growth.machine import Terminated
from mnist_growth.training import CheckpointStore, ResumeConfig


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    tensors = run(make_job(CheckpointStore(tmp_path_factory.mktemp("undisturbed") / "run")))
    assert_nothing_remains()
    return tensors


@pytest.mark.parametrize("fault", ["kill", "hang", MemoryError("full")], ids=["killed", "hangs", "out-of-memory"])
def test_after_a_fault_of_the_main_process_the_group_ends_with_the_same_bytes(undisturbed, tmp_path, fault, caplog):
    config = distribution(timeout_seconds=10.0 if fault == "hang" else 60.0)
    tensors = run(make_job(FaultyStore(tmp_path / "run", fault), config))
    assert same_bytes(tensors, undisturbed)
    assert "all start again from the newest checkpoint (restart 1 of 3)" in caplog.text
    assert_nothing_remains()


@pytest.mark.parametrize(
    ("rank", "number"),
    [(1, signal.SIGKILL), (0, signal.SIGSTOP), (1, signal.SIGSTOP)],
    ids=["killed", "main-stopped", "stopped"],
)
def test_after_a_signal_to_a_process_the_group_ends_with_the_same_bytes(undisturbed, tmp_path, rank, number):
    config = distribution(timeout_seconds=10.0 if number == signal.SIGSTOP else 60.0)
    monitor = Disturbing(lambda: os.kill(workers()[rank].pid, number))
    tensors = run(make_job(CheckpointStore(tmp_path / "run"), config), monitor)
    assert monitor.disturb is None
    assert same_bytes(tensors, undisturbed)
    assert_nothing_remains()


def test_the_number_of_restarts_is_limited(tmp_path):
    job = make_job(FaultyStore(tmp_path / "run", "kill", times=9), distribution(max_restarts=1))
    with pytest.raises(
        ChildProcessError, match=r"lost process 0 \(ended by SIGKILL\), 2 times; `kedro run --pipeline res"
    ):
        run(job)
    assert_nothing_remains()


def test_memory_that_runs_out_again_and_again_is_reported(tmp_path):
    job = make_job(FaultyStore(tmp_path / "run", MemoryError("full"), times=9), distribution(max_restarts=0))
    with pytest.raises(MemoryError, match=r"Memory ran out in process 0 \(full\).*memory\.budget_fraction"):
        run(job)
    assert_nothing_remains()


def test_an_error_that_would_come_again_ends_the_training_at_once(tmp_path):
    job = make_job(FaultyStore(tmp_path / "run", OSError("The disk is full"), times=9))
    began = time.monotonic()
    with pytest.raises(OSError, match="^The disk is full$"):
        run(job)
    assert time.monotonic() - began < job.config.timeout_seconds / 2
    assert len(list((tmp_path / "faults").iterdir())) == 1
    assert_nothing_remains()


def test_a_signal_saves_a_checkpoint_and_the_resumed_training_is_the_same(undisturbed, tmp_path):
    monitor = Disturbing(lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Terminated):
        run(make_job(CheckpointStore(tmp_path / "first"), training={"checkpoint_seconds": 1e9}), monitor)
    assert_nothing_remains()
    store = CheckpointStore(tmp_path / "second", earlier=tmp_path / "first")
    assert store.latest().header["updates"] > 4
    assert same_bytes(run(make_job(store, resume=ResumeConfig(schedule="continue"))), undisturbed)


def test_the_processes_end_with_a_command_that_is_killed(tmp_path):
    script = (
        "import sys; from pathlib import Path; from distributed_training import *\n"
        "run(make_job(FaultyStore(Path(sys.argv[1]) / 'run', 'hang')))"
    )
    command = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    wait_for(lambda: (tmp_path / "faults/0").exists(), command)
    below = psutil.Process(command.pid).children(recursive=True)
    command.kill()
    command.wait()
    gone, alive = psutil.wait_procs(below, 10)
    assert len(gone) >= 2
    assert not alive


def wait_for(condition, command):
    deadline = time.monotonic() + 60
    while not condition():
        assert command.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
