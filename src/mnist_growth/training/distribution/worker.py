"""One process of a distributed training."""

import contextlib
import logging
import os
import pickle
import sys
import threading
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch

from mnist_growth.machine import ProcessGroup, ProcessLostError, Terminated, choose_device, is_out_of_memory
from mnist_growth.training.checkpoints import Checkpoints, NoCheckpoints
from mnist_growth.training.distribution.identity import Identity, check_alike
from mnist_growth.training.distribution.job import Job
from mnist_growth.training.distribution.messages import CommandLink, LinkHandler, LinkMonitor, ignore_signals
from mnist_growth.training.distribution.process_team import ProcessTeam, TeamCheckpoints
from mnist_growth.training.monitor import Monitor, Monitors

logger = logging.getLogger("mnist_growth")

FAILURE = "mnist_growth/failure"
"""Key of the store of all processes with an error after which it is useless to start again."""

ELSEWHERE = "failed in another process: "
"""What the returned error of another process begins with."""

_kept: list[Any] = []
"""The store, which the others read after the group is gone; it may be one that this process serves."""

_START_SECONDS = 60.0  # at least, for processes to start and to load the digits
_FAILURE_SECONDS = 1.0  # until the cause of a lost process is known in all of them


def work(job: Job, address: Any, key: bytes) -> str:
    """Train as one process of a group that ``torch.distributed.elastic`` has started.

    Exits with code 1 if the group has to start again.

    Args:
        job: The training.
        address: Where the command listens.
        key: Proves that this process belongs to the command.

    Returns:
        How it ended: finished, stopped, failed, abandoned by the command, or the error of another process.
    """
    ignore_signals()
    rank, local_rank = int(os.environ["RANK"]), int(os.environ["LOCAL_RANK"])
    try:
        link = CommandLink(address, key, rank)
    except OSError:  # the command has given up
        return "abandoned"
    logger.handlers, logger.propagate = [LinkHandler(link)], False
    logger.setLevel(logging.INFO if rank == 0 else logging.ERROR)
    with Path(os.devnull).open("wb") as nowhere:  # gloo reports every lost connection, and this module once
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    if job.config.nodes == 1:  # gloo would look up the address of the name of this machine
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    try:
        _train(job, link, rank, local_rank)
    except KeyboardInterrupt as interruption:
        link.send("stopped", interruption.signal if isinstance(interruption, Terminated) else 2)
        return "stopped"
    except Exception as error:
        if not isinstance(error, ProcessLostError) and not is_out_of_memory(error):
            link.send("log", __name__, logging.DEBUG, traceback.format_exc())
            link.send("failed", _portable(error))
            _note_failure(error)
            return "failed"
        if isinstance(error, ProcessLostError) and (reason := _failure_elsewhere()):
            return reason
        link.send("lost" if isinstance(error, ProcessLostError) else "out_of_memory", rank, str(error))
        os._exit(1)
    return "finished"


def _train(job: Job, link: CommandLink, rank: int, local_rank: int) -> None:
    device = choose_device(job.machine.device)
    if device.type == "cuda":
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
    group = ProcessGroup.join(
        device, max(job.config.timeout_seconds, _START_SECONDS), shares_memory=job.config.nodes == 1
    )
    check_alike(group.gather(Identity.own(job.setup, device)))
    team = ProcessTeam(group, is_norm_global=job.config.batch_norm == "global")
    checkpoint = job.newest()
    updates = group.gather(-1 if checkpoint is None else int(checkpoint.header["updates"]))
    source = updates.index(max(updates))
    training = team.shared(job.assemble(checkpoint), source)
    group.limit(job.config.timeout_seconds)
    checkpoints: Checkpoints = job.checkpoints if rank == 0 else NoCheckpoints()
    monitor: Monitor = LinkMonitor(link, job.run_id) if rank == 0 else Monitors([])
    training.run(TeamCheckpoints(checkpoints, team), monitor, is_judged=rank == 0, team=team)
    group.leave()


def _note_failure(error: Exception) -> None:
    """Tell the other processes that it is useless to start again, and stop to take part in exchanges."""
    from torch import distributed as dist
    from torch.distributed import distributed_c10d

    with contextlib.suppress(Exception):  # the group may not have been joined
        store = distributed_c10d._get_default_store()
        store.set(FAILURE, str(error))
        _kept.append(store)
        traceback.clear_frames(error.__traceback__)  # they hold exchanges, and these the connections
        dist.destroy_process_group()


def _failure_elsewhere() -> str:
    """Return the error of another process after which it is useless to start again; empty if there is none.

    A thread of its own asks the store: it never gets an answer if the process that serves the store is stopped.
    """
    found: list[str] = []

    def ask() -> None:
        from torch.distributed import distributed_c10d

        with contextlib.suppress(Exception):  # a time-out: there is no such error
            store = distributed_c10d._get_default_store()
            store.wait([FAILURE], timedelta(seconds=_FAILURE_SECONDS))
            found.append(store.get(FAILURE).decode())

    asking = threading.Thread(target=ask, daemon=True, name="failure-elsewhere")
    asking.start()
    asking.join(2 * _FAILURE_SECONDS)
    return f"{ELSEWHERE}{found[0]}" if found else ""


def _portable(error: Exception) -> Exception:
    """Return an error that another process can unpickle."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
