"""Gradients of a batch whose images are divided among several processes."""

from collections.abc import Iterable, Sequence
from functools import partial

import torch
from torch import Tensor

from mnist_growth.learning.autograd import Autograd
from mnist_growth.learning.backprop import Backprop
from mnist_growth.learning.objective import Objective, ObjectiveFactory
from mnist_growth.learning.sharding import Sharding
from mnist_growth.learning.wrapped import Wrapped
from mnist_growth.machine import Pending, ProcessGroup
from mnist_growth.network import Network

LARGE = 65_536
"""Entries of a tensor that is exchanged alone, in place; smaller ones are copied into common buckets."""

BUCKET = 262_144
"""Entries from which on a bucket of small tensors is full (1 MiB in float32)."""


class AllReduced(Wrapped):
    """Another objective on the images of this process, with gradients that are summed over all processes.

    A bucket of gradients is exchanged as soon as the backward pass of the last micro-batch has completed it, while the
    backward pass continues. The sums are bit-equal in all processes.

    Args:
        objective: Computes loss and gradients of the images of this process.
        network: Its network.
        sharding: Its current shard is the one of the images that ``add`` receives.
        processes: All of them make the same updates.
        is_norm_global: Whether batch norm normalises over the images of all processes, or of each one alone.
    """

    def __init__(
        self,
        objective: Backprop | Autograd,
        network: Network,
        sharding: Sharding,
        processes: ProcessGroup,
        *,
        is_norm_global: bool,
    ) -> None:
        super().__init__(objective)
        self.sharding, self.processes = sharding, processes
        parameters = list(network.parameters())
        self._statistics = (
            [] if is_norm_global else [buffer for buffer in network.buffers() if buffer.is_floating_point()]
        )
        self._buckets = [_Bucket(group) for group in _grouped(reversed(parameters))]
        self._bucket_of = {id(parameter): bucket for bucket in self._buckets for parameter in bucket.parameters}
        objective.distribute(processes if is_norm_global else None, self._note_complete)

    def begin(self) -> None:
        """Begin an update; see ``Objective.begin``."""
        super().begin()
        self._started: list[tuple[_Bucket, Pending]] = []
        for bucket in self._buckets:
            bucket.missing = len(bucket.parameters)

    @torch.no_grad()
    def finish(self) -> None:
        """Wait until all gradients are those of the whole batch; see ``Objective.finish``."""
        super().finish()
        self._start_complete_buckets()
        assert len(self._started) == len(self._buckets), "a parameter has no gradient"
        self._average_statistics()
        for bucket, pending in self._started:
            pending.wait()
            bucket.unpack()

    def _average_statistics(self) -> None:
        """Replace running statistics of the images of each process by their mean over the processes."""
        if self._statistics:
            flat = torch.cat([buffer.flatten() for buffer in self._statistics])
            self.processes.sum(flat).div_(self.processes.size)
            parts = torch.split(flat, [buffer.numel() for buffer in self._statistics])
            for buffer, part in zip(self._statistics, parts, strict=True):
                buffer.copy_(part.view(buffer.shape))

    def _note_complete(self, parameter: Tensor) -> None:
        """Count a gradient that the backward pass has completed; exchange its bucket if that was the last one."""
        if self.sharding.shard.is_last:
            bucket = self._bucket_of[id(parameter)]
            bucket.missing -= 1
            if not bucket.missing:
                self._start_complete_buckets()

    @torch.no_grad()
    def _start_complete_buckets(self) -> None:
        """Exchange complete buckets in their order, which is the same in all processes."""
        while len(self._started) < len(self._buckets) and not self._buckets[len(self._started)].missing:
            bucket = self._buckets[len(self._started)]
            self._started.append((bucket, self.processes.start_sum(bucket.pack())))


class _Bucket:
    """Gradients that are exchanged together."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = parameters
        self.missing = 0
        if len(parameters) > 1:
            first = parameters[0]
            sizes = [parameter.numel() for parameter in parameters]
            self._flat = torch.empty(sum(sizes), dtype=first.dtype, device=first.device)
            parts = zip(torch.split(self._flat, sizes), parameters, strict=True)
            self._views = [part.view(parameter.shape) for part, parameter in parts]

    def pack(self) -> Tensor:
        """Return a tensor with all gradients."""
        if len(self.parameters) == 1:
            return _gradient(self.parameters[0])
        torch._foreach_copy_(self._views, [_gradient(parameter) for parameter in self.parameters])
        return self._flat

    def unpack(self) -> None:
        """Copy the tensor back to the gradients."""
        if len(self.parameters) > 1:
            torch._foreach_copy_([_gradient(parameter) for parameter in self.parameters], self._views)


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def _grouped(parameters: Iterable[Tensor]) -> list[list[Tensor]]:
    """Divide parameters, in the order in which the backward pass completes them, into buckets."""
    groups: list[list[Tensor]] = []
    small: list[Tensor] = []
    for parameter in parameters:
        if parameter.numel() >= LARGE:
            groups.append([parameter])
            continue
        small.append(parameter)
        if sum(each.numel() for each in small) >= BUCKET:
            groups.append(small)
            small = []
    return [*groups, small] if small else groups


def all_reduced_factory(
    factory: ObjectiveFactory, sharding: Sharding, processes: ProcessGroup, *, is_norm_global: bool
) -> ObjectiveFactory:
    """Return a factory of objectives whose gradients are summed over all processes.

    Args:
        factory: Of the objectives that compute the gradients.
        sharding: As that of ``AllReduced``.
        processes: As those of ``AllReduced``.
        is_norm_global: As that of ``AllReduced``.
    """
    return partial(_all_reduced, factory, sharding, processes, is_norm_global)


def _all_reduced(
    factory: ObjectiveFactory,
    sharding: Sharding,
    processes: ProcessGroup,
    is_norm_global: bool,
    network: Network,
    dtype: torch.dtype | None,
    label_smoothing: float,
) -> Objective:
    objective = factory(network, dtype, label_smoothing)
    if not isinstance(objective, Backprop | Autograd):
        raise TypeError(
            f"A training in several processes cannot use the objective {type(objective).__name__}; expected one that "
            "computes gradients itself: set distribution.processes=1"
        )
    return AllReduced(objective, network, sharding, processes, is_norm_global=is_norm_global)
