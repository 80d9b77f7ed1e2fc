"""Work beside other work on a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


class SideStream:
    """A second stream of work on a GPU; on the CPU, work is done at once.

    Small kernels leave most of a GPU idle, so independent ones run at the same time. A CUDA graph records the streams
    as branches. Memory that work in one stream allocates must not be freed before work in the other one that uses it
    is done: keep it until ``join``.

    Args:
        device: Where the work is done.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    def fork(self) -> None:
        """Do the further work of this stream after all work so far."""
        if self._stream is not None:
            self._stream.wait_stream(torch.cuda.current_stream())

    @contextmanager
    def work(self) -> Iterator[None]:
        """Do the work of the block in this stream."""
        if self._stream is None:
            yield
        else:
            with torch.cuda.stream(self._stream):
                yield

    def join(self) -> None:
        """Do all further work after that of this stream so far."""
        if self._stream is not None:
            torch.cuda.current_stream().wait_stream(self._stream)
