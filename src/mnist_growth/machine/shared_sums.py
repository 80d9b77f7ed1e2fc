"""Sums of tensors over the processes of one machine, in memory that they share.

gloo sends every tensor through sockets and threads of its own, which compete with the computation for the processors.
Here a process only copies its tensor to a place where the others read it.
"""

import mmap
import os
import platform
import select
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from mnist_growth.machine.pending import Pending, ProcessLostError

HALF_BYTES = 128 << 20
"""Room for tensors that are summed at the same time; only the pages that are used take memory."""

_LINE = 64  # bytes that processors exchange at once
_SPIN_SECONDS = 2e-4  # of looking at a count without a pause; on a busy machine this time is lost
_PAUSE_SECONDS = 5e-5  # between later looks


class SharedSums:
    """One of several processes that share memory.

    Each process has a part of the memory, in which only it writes: a count of its tensors, and two halves. Tensors
    whose sums are pending at the same time lie in one half, one after the other. When no sum is pending, the next one
    begins the other half. A process that begins a half has read all that the others wrote into the one before, and they
    began that one after they had read its earlier tensors in this half: nothing is overwritten that is still needed.

    A tensor is written before it is counted. The processor must show both to the others in this order, as x86 does.

    Args:
        rank: Number of this process, from 0.
        parts: Memory of each process, of ``part_bytes``.
        processes: File descriptors of the processes (``os.pidfd_open``), by rank, without this one.
        timeout_seconds: Longest time that a sum may take.

    Attributes:
        timeout_seconds: Longest time that every later sum may take.
    """

    def __init__(
        self, rank: int, parts: Sequence[mmap.mmap], processes: dict[int, int], timeout_seconds: float
    ) -> None:
        self.rank, self.timeout_seconds = rank, timeout_seconds
        self._parts, self._processes = parts, processes
        self._counts = [memoryview(part)[:8].cast("q") for part in parts]
        self._half_bytes = (len(parts[0]) - _LINE) // 2
        self._count, self._pending, self._half, self._used = 0, 0, 0, 0

    @classmethod
    def join(cls, rank: int, gather: Callable[[Any], list[Any]], timeout_seconds: float) -> Self | None:
        """Share memory with the other processes; all of them call this function.

        Args:
            rank: Number of this process, from 0.
            gather: Returns the values that all processes give, in the order of their ranks.
            timeout_seconds: Longest time that a sum may take.

        Returns:
            None if one of the processes cannot share memory.
        """
        own = _create_part() if can_share() else None
        offers: list[tuple[int, int | None]] = gather((os.getpid(), own))
        opened = _open_parts(rank, offers)
        everywhere = all(gather(opened is not None))
        if own is not None:
            os.close(own)
        if opened is None:
            return None
        joined = cls(rank, *opened, timeout_seconds)
        if not everywhere:
            joined.leave()
            return None
        return joined

    def fits(self, tensor: Tensor) -> bool:
        """Return whether there is room for a tensor. All processes return the same."""
        used = self._used if self._pending else 0
        return used + tensor.nbytes <= self._half_bytes

    def start(self, tensor: Tensor) -> Pending:
        """Begin to replace a tensor that ``fits`` by its sum over all processes, which is bit-equal in all of them.

        Processes must begin their sums, and wait for them, in the same order.
        """
        if not self._pending:
            self._half, self._used = 1 - self._half, 0
        offset = _LINE + self._half * self._half_bytes + self._used
        _tensor_at(self._parts[self.rank], offset, tensor).copy_(tensor)
        self._used += -(-tensor.nbytes // _LINE) * _LINE
        self._pending += 1
        self._count += 1
        self._counts[self.rank][0] = self._count
        return _SharedSum(self, tensor, offset, self._count)

    def finish(self, tensor: Tensor, offset: int, count: int) -> None:
        """Add the tensors of all processes, in the order of their ranks.

        Args:
            tensor: Receives the sum.
            offset: Where the tensor lies in each part.
            count: Number of the sum.

        Raises:
            ProcessLostError: A process has ended or does not answer in time.
        """
        for rank in self._processes:
            self._wait_for(rank, count)
        first, second, *others = (_tensor_at(part, offset, tensor) for part in self._parts)
        torch.add(first, second, out=tensor)
        for other in others:
            tensor.add_(other)
        self._pending -= 1

    def leave(self) -> None:
        """Close the file descriptors. The memory is free when no process uses it any more."""
        for process in self._processes.values():
            os.close(process)
        self._processes = {}

    def _wait_for(self, rank: int, count: int) -> None:
        """Wait until another process has written its tensor."""
        counts = self._counts[rank]
        if counts[0] >= count:
            return
        until = time.monotonic() + _SPIN_SECONDS
        while time.monotonic() < until:
            if counts[0] >= count:
                return
        process = select.poll()
        process.register(self._processes[rank], select.POLLIN)
        deadline = time.monotonic() + self.timeout_seconds
        while counts[0] < count:
            if process.poll(0) and counts[0] < count:
                raise ProcessLostError(f"Process {rank} of the training has ended")
            if time.monotonic() > deadline:
                raise ProcessLostError(
                    f"Process {rank} of the training has not answered for {self.timeout_seconds:g} s"
                )
            time.sleep(_PAUSE_SECONDS)


class _SharedSum:
    """A sum for which the other processes may still have to write their tensors."""

    def __init__(self, sums: SharedSums, tensor: Tensor, offset: int, count: int) -> None:
        self._sums, self._tensor, self._offset, self._count = sums, tensor, offset, count

    def wait(self) -> None:
        self._sums.finish(self._tensor, self._offset, self._count)


def can_share() -> bool:
    """Return whether this system has what ``SharedSums`` needs: Linux on a processor that keeps the order of writes."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def part_bytes() -> int:
    """Return the size of the part of each process."""
    return _LINE + 2 * HALF_BYTES


def _create_part() -> int | None:
    """Return a file descriptor of new memory; None if the system refuses it."""
    try:
        descriptor = os.memfd_create("mnist-growth-sums")
        os.truncate(descriptor, part_bytes())
    except OSError:
        return None
    return descriptor


def _open_parts(rank: int, offers: Sequence[tuple[int, int | None]]) -> tuple[list[mmap.mmap], dict[int, int]] | None:
    """Return the memory of all processes, and descriptors of the others; None if one of them cannot be opened.

    Args:
        rank: Number of this process.
        offers: Process id, and descriptor of its memory in that process, of each.
    """
    parts: list[mmap.mmap] = []
    processes: dict[int, int] = {}
    try:
        for other, (process, descriptor) in enumerate(offers):
            if descriptor is None:
                raise OSError
            with Path(f"/proc/{process}/fd/{descriptor}").open("r+b") as file:
                parts.append(mmap.mmap(file.fileno(), part_bytes()))
            if other != rank:
                processes[other] = os.pidfd_open(process)
    except OSError:
        for opened in processes.values():
            os.close(opened)
        return None
    return parts, processes


def _tensor_at(part: mmap.mmap, offset: int, like: Tensor) -> Tensor:
    """Return the tensor at an offset of the memory, of the shape and dtype of another one."""
    return torch.frombuffer(part, dtype=like.dtype, count=like.numel(), offset=offset).view(like.shape)
