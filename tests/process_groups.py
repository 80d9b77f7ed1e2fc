"""Several processes that exchange tensors, for tests."""

import multiprocessing
import tempfile
import traceback
from pathlib import Path

import torch

from mnist_growth.machine import ProcessGroup

TIMEOUT_SECONDS = 60.0


def in_processes(function, size, *arguments, shares_memory=True):
    """Return what a function returns in each of several processes.

    Args:
        function: Of a module; its first argument is the ``ProcessGroup``.
        size: Number of processes.
        arguments: Further arguments.
        shares_memory: Whether they sum in shared memory; by gloo otherwise.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mnist_growth.training.distribution", "torch.distributed"])
    with tempfile.TemporaryDirectory() as folder:
        pipes = [context.Pipe(duplex=False) for _ in range(size)]
        processes = [
            context.Process(target=_work, args=(function, rank, size, folder, sender, arguments, shares_memory))
            for rank, (_, sender) in enumerate(pipes)
        ]
        for process in processes:
            process.start()
        for _, sender in pipes:
            sender.close()
        try:
            results = [receiver.recv() for receiver, _ in pipes]
        finally:
            for process in processes:
                process.join(TIMEOUT_SECONDS)
                process.kill()
    errors = [result for result in results if isinstance(result, str) and result.startswith("Traceback")]
    if errors:  # the first one is the cause of the others, which have lost a process
        raise AssertionError(min(errors, key=lambda error: "ProcessLostError" in error))
    return results


def _work(function, rank, size, folder, sender, arguments, shares_memory):
    torch.set_num_threads(1)
    try:
        group = ProcessGroup.join(
            torch.device("cpu"),
            TIMEOUT_SECONDS,
            init_method=f"file://{Path(folder) / 'meeting'}",
            rank=rank,
            size=size,
            shares_memory=shares_memory,
        )
        result = function(group, *arguments)
        group.leave()
    except BaseException:
        result = traceback.format_exc()
    sender.send(result)
