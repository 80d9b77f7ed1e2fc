"""A stand-in for CUDA graphs on the CPU: kernels are written down, and run again on the same memory."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

UNMARKED = ("running_mean", "running_var")  # batch norm writes them, although its schema does not say so


class Kernels(TorchDispatchMode):
    """Runs kernels and writes them down; refuses those with which a GPU would wait for the host.

    Attributes:
        calls: Kernels with their arguments and results, in order.
        before: What each memory that existed before contained, by its address.
    """

    def __init__(self):
        super().__init__()
        self.calls, self.before, self._created = [], {}, {}

    def __torch_dispatch__(self, kernel, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if kernel is torch.ops.aten._local_scalar_dense.default:
            raise AssertionError("A recorded update reads a number from the device.")
        schema = kernel._schema
        for index, argument in enumerate(schema.arguments):
            is_written = argument.alias_info is not None and argument.alias_info.is_write
            if is_written or argument.name in UNMARKED:
                self._keep(kwargs.get(argument.name, args[index] if index < len(args) else None))
        results = kernel(*args, **kwargs)
        is_in_place = any(
            returned.alias_info is not None and returned.alias_info.is_write for returned in schema.returns
        )
        is_view = not is_in_place and any(returned.alias_info is not None for returned in schema.returns)
        if not is_view:
            made = [] if is_in_place else _tensors(results)
            for result in made:  # keeping them keeps their addresses from being used again
                self._created[result.untyped_storage().data_ptr()] = result
            self.calls.append((kernel, args, kwargs, made))
        return results

    def _keep(self, written):
        """Keep what the memory of some tensors contains, if it existed before the recording."""
        for tensor in _tensors(written):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in self._created and storage.data_ptr() not in self.before:
                self.before[storage.data_ptr()] = (storage, storage.clone())


def _tensors(values):
    return [value for value in tree_leaves(values) if isinstance(value, torch.Tensor)]


class RecorderOnCpu:
    """Records like ``GraphRecorder``.

    Args:
        generator: Random numbers of the work.
        memory: Names of recordings that fail for want of memory, by their number from 0.
    """

    def __init__(self, generator, scarce=()):
        self.generator, self.scarce, self.recordings, self.replays = generator, scarce, 0, 0

    def record(self, work):
        self.recordings += 1
        if self.recordings - 1 in self.scarce:
            raise torch.OutOfMemoryError
        drawn = self.generator.get_state()
        kernels = Kernels()
        with kernels:
            work()
        for storage, content in kernels.before.values():
            storage.copy_(content)
        self.generator.set_state(drawn)

        @torch.no_grad()
        def replay():
            self.replays += 1
            for kernel, args, kwargs, kept in kernels.calls:
                results = _tensors(kernel(*args, **kwargs))
                for place, result in zip(kept, results, strict=bool(kept)):
                    place.copy_(result)

        return replay
