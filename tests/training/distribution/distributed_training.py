"""Small trainings in one process or in several, for tests."""

import dataclasses
import multiprocessing
import os
import signal
import time

import numpy as np
import psutil
import torch
from example_training import PIXELS, Training

import configured
from mnist_growth.training import CheckpointStore, Machine, Monitors, NoCheckpoints, train
from mnist_growth.training.distribution import (
    Job,
    ProcessTeam,
    TeamCheckpoints,
    divide,
    train_in_processes,
)


def trained(group, changes, dtype=torch.float32, batch_norm="global"):
    """Train as one of the processes of a group, or alone if it is None, and return tensors, losses and widths."""
    training = Training(**changes)
    state = training.begin(dtype)
    team, checkpoints = None, NoCheckpoints()
    if group is not None:
        team = ProcessTeam(group, is_norm_global=batch_norm == "global")
        checkpoints = TeamCheckpoints(checkpoints, team)
    train(state, training.data, training.setup, checkpoints, Monitors([]), training.budget, team=team)
    return tensors_of(state), [record.train_loss for record in state.records], state.network.widths


def tensors_of(state):
    """All tensors of a training that the next update depends on, as arrays by name."""
    moments, _ = state.optimizer.state()
    network, average = state.network.state_dict(), state.average.state_dict()
    named = {**network, **{f"average.{name}": tensor for name, tensor in average.items()}, **moments}
    return {name: tensor.detach().numpy() for name, tensor in named.items()}


def largest_difference(found, expected):
    """Largest difference of an entry, relative to the largest entry of its tensor."""
    assert found.keys() == expected.keys()
    scales = {name: np.abs(value).max() + 1e-30 for name, value in expected.items()}
    return max(float(np.abs(found[name] - value).max() / scales[name]) for name, value in expected.items())


def same_bytes(found, expected):
    assert found.keys() == expected.keys()
    return all(found[name].tobytes() == value.tobytes() for name, value in expected.items())


def distribution(**changes):
    """Two processes, and time-outs that suit small trainings."""
    return configured.distribution(**{"processes": 2, "timeout_seconds": 60.0, **changes})


def make_job(store, config=None, resume=None, **changes):
    """A training in two processes, with a checkpoint after every update."""
    config = config or distribution()
    short = {"checkpoint_seconds": 1e-9, "epochs": 2}
    training = Training(**{**changes, "training": {**short, **changes.get("training", {})}})
    setup = divide(dataclasses.replace(training.setup, threads=None), config, training.split)
    machine = Machine("cpu", 1, 0.5)
    return Job(setup, training.digits, training.split, machine, config, store, PIXELS, resume, "run-1")


def run(job, monitor=None):
    """Train in processes of their own, and return the tensors at the end."""
    return tensors_of(train_in_processes(job, monitor or Monitors([])))


class FaultyStore(CheckpointStore):
    """Has a fault when it saves, a number of times.

    Args:
        folder: Of the checkpoints.
        fault: kill, hang, or an exception.
        update: From which update on.
        times: How often.
    """

    def __init__(self, folder, fault, update=5, times=1):
        super().__init__(folder)
        self.fault, self.update, self.times = fault, update, times

    def save(self, state, setup):
        traces = self.folder.with_name("faults")
        traces.mkdir(exist_ok=True)
        number = len(list(traces.iterdir()))
        if state.updates >= self.update and number < self.times:
            (traces / str(number)).touch()
            if self.fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            elif self.fault == "hang":
                time.sleep(1000)
            else:
                raise self.fault
        super().save(state, setup)


class Disturbing(Monitors):
    """Does something once, in the process of the command, when an epoch is done."""

    def __init__(self, disturb):
        super().__init__([])
        self.disturb, self.epochs = disturb, []

    def epoch(self, record):
        self.epochs.append(record.epoch)
        if self.disturb is not None:
            self.disturb()
            self.disturb = None


def workers():
    """The processes that train for this one, by age."""
    server = multiprocessing.forkserver._forkserver._forkserver_pid
    return sorted(psutil.Process(server).children(), key=lambda process: (process.create_time(), process.pid))


def assert_nothing_remains():
    """Check that no process is left, and no port is open."""
    for process in workers():
        process.wait(10)
    assert not [each for each in psutil.Process().net_connections() if each.status == psutil.CONN_LISTEN]
