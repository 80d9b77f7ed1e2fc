"""Measurement of the memory that a computation needs for its tensors."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_leaves

from mnist_growth.machine.dispatch_mode import DispatchMode


class AllocationMeter(DispatchMode):
    """Tracks the tensors that are created while it is active, on any device, and records their largest total size.

    The result is exact and reproducible, unlike the memory of the process, because the allocator of the C library keeps
    freed memory. Temporary buffers inside an operation are not counted.

        with AllocationMeter() as meter:
            loss(network(images)).backward()
        meter.peak_bytes

    Attributes:
        peak_bytes: Largest total size of these tensors at one time, in bytes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak_bytes = 0
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation and update the set of existing tensors."""
        given = {_key(tensor) for tensor in tree_leaves((args, kwargs)) if isinstance(tensor, Tensor)}
        result = func(*args, **(kwargs or {}))
        self._alive = {key: entry for key, entry in self._alive.items() if not entry[0].expired()}  # type: ignore[no-untyped-call]
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor) and (key := _key(tensor)) not in given and key not in self._alive:
                storage = tensor.untyped_storage()
                self._alive[key] = (StorageWeakRef(storage), storage.nbytes())  # type: ignore[no-untyped-call]
        self.peak_bytes = max(self.peak_bytes, sum(size for _, size in self._alive.values()))
        return result


def _key(tensor: Tensor) -> int:
    """Identifier of a storage during its lifetime."""
    return int(tensor.untyped_storage()._cdata)
