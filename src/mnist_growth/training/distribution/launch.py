"""Training in processes of their own, which ``torch.distributed.elastic`` starts and watches.

The command keeps the log, the tracked run and the terminal. The processes train. That of rank 0 writes the checkpoints,
the last of which is the result.
"""

import contextlib
import logging
import os
import secrets
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from mnist_growth.machine import raise_for_signal
from mnist_growth.training.distribution.command import Command
from mnist_growth.training.distribution.config import DistributionConfig
from mnist_growth.training.distribution.job import Job
from mnist_growth.training.distribution.worker import ELSEWHERE, work
from mnist_growth.training.monitor import Monitor
from mnist_growth.training.state import TrainingState

_LOOPBACK = "127.0.0.1"
_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
_PRELOADED = [
    "mnist_growth.training.distribution.worker",
    "torch.distributed.elastic.multiprocessing",
    "kedro.framework.cli",  # imported by the script of the command, which multiprocessing runs in each process
]
_START_SECONDS = 30.0  # for a process to import its libraries after the machines have met
_RUN_ID = "mnist-growth"


class NotTheMainNodeError(Exception):
    """The training is finished, and another machine has its result."""


def train_in_processes(job: Job, monitor: Monitor) -> TrainingState:
    """Train in several processes, and return the state at the end.

    Args:
        job: The training.
        monitor: Receives every batch, growth step and epoch, in this process.

    Raises:
        NotTheMainNodeError: The process of rank 0 is on another machine.
        ChildProcessError: Processes were lost more than ``distribution.max_restarts`` times.
        MemoryError: A process ran out of memory as often.
        OSError: The other machines cannot be reached.
        KeyboardInterrupt: After SIGINT; ``machine.Terminated`` after SIGTERM or SIGHUP. A checkpoint was saved.
    """
    if _METHOD == "forkserver":
        import multiprocessing

        multiprocessing.get_context(_METHOD).set_forkserver_preload(_PRELOADED)
    key = secrets.token_bytes(16)
    is_alone = job.config.nodes == 1
    with Command(monitor, key, job.config.max_restarts, is_alone=is_alone) as command, _quiet(), _store_of_each_start():
        agent = _Agent(job, command.address, key)
        agent.start()
        try:
            command.serve(agent, job.config.timeout_seconds + _START_SECONDS)
        except TimeoutError:
            raise _not_met(job.config) from None
    if command.signal is not None:
        raise_for_signal(command.signal)
    if command.failure is not None:
        raise command.failure
    if agent.error is not None:
        raise _explained(agent.error, command, job.config) from agent.error
    outcomes = agent.outcomes
    if elsewhere := [outcome for outcome in outcomes.values() if outcome.startswith(ELSEWHERE)]:
        raise ValueError(elsewhere[0].removeprefix(ELSEWHERE))
    if 0 not in outcomes:
        raise NotTheMainNodeError(
            "The training is finished. Its results are on the machine of process 0, not on this one"
        )
    checkpoint = job.checkpoints.last_saved()
    assert checkpoint is not None, "a training ends with a checkpoint"
    return checkpoint.restore(_cpu())


class _Agent(threading.Thread):
    """The agent of torch, which starts, watches and restarts the processes of this machine.

    It runs in a thread, so that the main thread receives signals and the events of the training.
    """

    def __init__(self, job: Job, address: Any, key: bytes) -> None:
        super().__init__(daemon=True, name="elastic-agent")
        self._job, self._address, self._key = job, address, key
        self.error: Exception | None = None
        self.outcomes: Mapping[int, str] = {}

    def run(self) -> None:
        """Run until all processes have ended."""
        from torch.distributed.launcher.api import LaunchConfig, elastic_launch

        config, seconds = self._job.config, max(1, round(self._job.config.timeout_seconds))
        is_alone = config.nodes == 1 and config.rendezvous is None
        launch = LaunchConfig(
            min_nodes=config.nodes,
            max_nodes=config.nodes,
            nproc_per_node=config.processes,
            run_id=_RUN_ID,
            rdzv_backend="c10d",
            rdzv_endpoint=f"{_LOOPBACK}:0" if is_alone else config.rendezvous or "",
            rdzv_configs={
                "join_timeout": seconds,
                "last_call_timeout": 1,
                "read_timeout": seconds,
                **({"is_host": True} if is_alone else {}),
            },
            local_addr=_LOOPBACK if is_alone else None,
            max_restarts=config.max_restarts,
            start_method=_METHOD,
            signals_to_handle="",
            shutdown_timeout=5,
        )
        try:
            self.outcomes = elastic_launch(launch, work)(self._job, self._address, self._key)
        except Exception as error:
            traceback.clear_frames(error.__traceback__)  # they hold the store, and its port
            self.error = error


def _explained(error: Exception, command: Command, config: DistributionConfig) -> Exception:
    """Return an error of the agent as a sentence that says what to do."""
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.elastic.rendezvous import RendezvousError

    resume = "`kedro run --pipeline resume` continues from the last checkpoint"
    if isinstance(error, RendezvousError):
        return _not_met(config)
    if isinstance(error, ChildFailedError):
        often = f"{config.max_restarts + 1} times" if config.max_restarts else "and distribution.max_restarts is 0"
        if command.out_of_memory:
            rank, text = command.out_of_memory
            return MemoryError(
                f"Memory ran out in process {rank} ({text}), {often}: free memory, "
                f"increase memory.budget_fraction or set a smaller training.micro_batch_size; then {resume}"
            )
        return ChildProcessError(f"The training lost {command.describe_lost(error)}, {often}; {resume}")
    text = " ".join("".join(traceback.format_exception_only(error)).split())
    return ChildProcessError(f"The processes of the training could not be started: {text}")


def _not_met(config: DistributionConfig) -> OSError:
    return OSError(
        f"The {config.nodes} machines of the training did not meet at {config.rendezvous} within "
        f"{config.timeout_seconds:g} s: start the same command on all of them, check that the first part of "
        "distribution.rendezvous is a machine that all can reach and that no other program uses its port, or increase "
        "distribution.timeout_seconds"
    )


def _cpu() -> Any:
    import torch

    return torch.device("cpu")


@contextlib.contextmanager
def _store_of_each_start() -> Iterator[None]:
    """Make the processes of each start exchange their addresses in a store of their own.

    Otherwise torch keeps one store, in which a process that starts again finds the address of one that was lost.
    """
    name = "TORCH_DISABLE_SHARE_RDZV_TCP_STORE"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the log of torch's agent: it reports every lost process with a traceback, and this module in a line."""
    names = ("torch.distributed.elastic", "torch.distributed.launcher", "torch.multiprocessing.spawn")
    loggers = [logging.getLogger(name) for name in names]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)
