"""Work beside other work on a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


class SideStream:
    """A second stream of work on a GPU; on the CPU, work is done at once.

    Small kernels leave most of a GPU idle, so independent ones run at the same time. A CUDA graph records the streams
    as branches.

    Args:
        device: Where the work is done.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._kept: list[Tensor] = []

    @contextmanager
    def beside(self, *used: Tensor) -> Iterator[None]:
        """Do the work of the block after all work so far, beside the work that follows, until ``join``.

        Args:
            used: Memory that the work reads; it is not freed before ``join``.
        """
        if self._stream is None:
            yield
            return
        self._kept.extend(used)
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            yield

    def join(self) -> None:
        """Do all further work after that of the blocks."""
        if self._stream is not None:
            torch.cuda.current_stream().wait_stream(self._stream)
        self._kept.clear()
