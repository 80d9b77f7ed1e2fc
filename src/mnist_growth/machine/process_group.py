"""Processes that compute together and exchange tensors, by ``torch.distributed``.

``torch.distributed`` is imported when a group is joined. A training in one process does not need it.
"""

import contextlib
import pickle
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Self, TypeVar

import torch
from torch import Tensor

from mnist_growth.machine.pending import Pending, ProcessLostError
from mnist_growth.machine.shared_sums import SharedSums

T = TypeVar("T")


class ProcessGroup:
    """A process among others. All of them must call the same methods in the same order.

    Attributes:
        rank: Number of this process, from 0.
        size: Number of processes.
        device: Where tensors must lie to be exchanged.
    """

    def __init__(self, rank: int, size: int, device: torch.device, shared: SharedSums | None = None) -> None:
        self.rank, self.size, self.device = rank, size, device
        self._shared = shared

    @property
    def is_main(self) -> bool:
        """Whether this process decides and writes files."""
        return self.rank == 0

    @classmethod
    def join(
        cls,
        device: torch.device,
        timeout_seconds: float,
        *,
        init_method: str = "env://",
        rank: int = -1,
        size: int = -1,
        shares_memory: bool = False,
    ) -> Self:
        """Wait until all processes have joined: with NCCL on GPUs, with gloo otherwise.

        Args:
            device: Of the network in this process; each process needs a GPU of its own.
            timeout_seconds: Longest time that this and every later exchange may take.
            init_method: Address at which they meet, as that of ``torch.distributed.init_process_group``.
            rank: Number of this process; -1: that of the environment variable RANK.
            size: Number of processes; -1: that of the environment variable WORLD_SIZE.
            shares_memory: Whether all processes are on one machine. Sums on the CPU then use ``SharedSums``, if the
                system can.

        Raises:
            ProcessLostError: Not all of them have joined in time.
        """
        import torch.distributed as dist

        with _lost_processes():
            dist.init_process_group(
                "nccl" if device.type == "cuda" else "gloo",
                init_method=init_method,
                rank=rank,
                world_size=size,
                timeout=timedelta(seconds=timeout_seconds),
                device_id=device if device.type == "cuda" else None,
            )
        exchanged = device if device.type == "cuda" else torch.device("cpu")
        group = cls(dist.get_rank(), dist.get_world_size(), exchanged)
        if shares_memory and exchanged.type == "cpu" and group.size > 1:
            group._shared = SharedSums.join(group.rank, group.gather, timeout_seconds)
        return group

    def limit(self, timeout_seconds: float) -> None:
        """Set the longest time that every later exchange may take."""
        from torch.distributed import distributed_c10d

        distributed_c10d._set_pg_timeout(timedelta(seconds=timeout_seconds))
        if self._shared:
            self._shared.timeout_seconds = timeout_seconds

    def leave(self) -> None:
        """Release sockets and threads of the group."""
        import torch.distributed as dist

        if self._shared:
            self._shared.leave()
        dist.destroy_process_group()

    def start_sum(self, tensor: Tensor) -> Pending:
        """Begin to replace a tensor by its sum over all processes, which is bit-equal in all of them.

        All processes begin their sums, and wait for them, in the same order.
        """
        if self._shared and self._shared.fits(tensor):
            return self._shared.start(tensor)
        import torch.distributed as dist

        with _lost_processes():
            work = dist.all_reduce(tensor, async_op=True)
        assert work is not None
        return _Work(work)

    def sum(self, tensor: Tensor) -> Tensor:
        """Replace a tensor by its sum over all processes, and return it."""
        self.start_sum(tensor).wait()
        return tensor

    def min(self, value: int) -> int:
        """Return the smallest of the values of all processes."""
        import torch.distributed as dist

        tensor = torch.tensor(value, dtype=torch.int64, device=self.device)
        with _lost_processes():
            dist.all_reduce(tensor, op=dist.ReduceOp.MIN)
        return int(tensor)

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all processes, in the order of their ranks; they are pickled."""
        import torch.distributed as dist

        values: list[Any] = [None] * self.size
        with _lost_processes():
            dist.all_gather_object(values, value)
        return values

    def decide(self, choose: Callable[[], T], source: int = 0) -> T:
        """Return in every process what one of them computes; the value is pickled.

        Args:
            choose: Called in that process only.
            source: Rank of that process.
        """
        if self.rank == source:
            content = pickle.dumps(chosen := choose())
            data = torch.frombuffer(bytearray(content), dtype=torch.uint8).to(self.device)
            self._broadcast(torch.tensor(len(data), device=self.device), source)
            self._broadcast(data, source)
            return chosen
        length = self._broadcast(torch.zeros((), dtype=torch.int64, device=self.device), source)
        data = self._broadcast(torch.empty(int(length), dtype=torch.uint8, device=self.device), source)
        received: T = pickle.loads(data.cpu().numpy().tobytes())
        return received

    def share_tensors(self, tensors: dict[str, Tensor] | None, source: int = 0) -> dict[str, Tensor]:
        """Return in every process the tensors of one of them, bit-equal.

        Args:
            tensors: By name; None in the other processes.
            source: Rank of the process that has them.

        Returns:
            On the CPU in the other processes; those that were given in the process that has them.
        """
        shapes = self.decide(
            lambda: [(name, tuple(tensor.shape), tensor.dtype) for name, tensor in (tensors or {}).items()], source
        )
        if tensors is not None and self.rank == source:
            for tensor in tensors.values():
                self._broadcast(tensor.detach().to(self.device).contiguous(), source)
            return tensors
        return {
            name: self._broadcast(torch.empty(shape, dtype=dtype, device=self.device), source).cpu()
            for name, shape, dtype in shapes
        }

    def _broadcast(self, tensor: Tensor, source: int) -> Tensor:
        import torch.distributed as dist

        with _lost_processes():
            dist.broadcast(tensor, source)
        return tensor


class _Work:
    """A sum that torch computes in the background."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def wait(self) -> None:
        with _lost_processes():
            self._work.wait()


@contextlib.contextmanager
def _lost_processes() -> Iterator[None]:
    """Report the errors with which torch says that a process is lost.

    Raises:
        ProcessLostError: Instead of these errors.
    """
    try:
        yield
    except RuntimeError as error:  # gloo raises plain ones, NCCL and the store subclasses of it
        raise ProcessLostError(f"A process of the training is lost ({_first_sentence(error)})") from error


def _first_sentence(error: RuntimeError) -> str:
    return str(error).strip().partition("\n")[0].partition("]: ")[0][:200]
