"""Recording what goes into and comes out of the modules of a network."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


@dataclass
class Recording:
    """Tensors of one forward pass, by the names of their modules.

    Attributes:
        inputs: First argument of each module whose inputs were asked for.
        outputs: Result of each module whose outputs were asked for.
    """

    inputs: dict[str, Tensor] = field(default_factory=dict)
    outputs: dict[str, Tensor] = field(default_factory=dict)


@contextlib.contextmanager
def record(network: nn.Module, *, inputs: Sequence[str] = (), outputs: Sequence[str] = ()) -> Iterator[Recording]:
    """Record the forward passes within the context; a later pass replaces an earlier one.

    Args:
        network: Its modules get hooks, which are removed at the end.
        inputs: Names of modules whose first argument is recorded.
        outputs: Names of modules whose result is recorded; it stays part of the graph of gradients.
    """
    recording = Recording()

    def watch(name: str) -> RemovableHandle:
        def hook(_module: nn.Module, arguments: tuple[Tensor, ...], result: Tensor) -> None:
            if name in inputs:
                recording.inputs[name] = arguments[0]
            if name in outputs:
                recording.outputs[name] = result

        return network.get_submodule(name).register_forward_hook(hook)

    with contextlib.ExitStack() as hooks:
        for name in dict.fromkeys([*inputs, *outputs]):
            hooks.callback(watch(name).remove)
        yield recording
