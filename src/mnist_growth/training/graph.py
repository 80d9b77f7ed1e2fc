"""Work that is recorded as a CUDA graph, so that a GPU does not wait for Python between its kernels."""

from collections.abc import Callable

import torch

Work = Callable[[], None]
"""Computes on memory that stays where it is, without synchronising with the GPU."""


class GraphRecorder:
    """Records pieces of work that never run at the same time; they share the memory of their intermediate results.

    Args:
        generator: Random numbers of the work, on the GPU.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self._generator = generator
        self._pool = torch.cuda.graph_pool_handle()

    def record(self, work: Work) -> Work:
        """Return what does the work again, as a single launch; nothing is computed yet.

        Every call draws other random numbers, and sees what the memory contains at that time.

        Args:
            work: It has been done before, so that libraries are initialised and lasting memory is allocated.

        Raises:
            torch.OutOfMemoryError: The memory does not suffice.
        """
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self._generator)
        with torch.cuda.graph(graph, pool=self._pool):
            work()
        return graph.replay
