"""Inputs and outputs of the layers of a network whose gradients for single images have a simple form."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mnist_growth.network.interface import Network
from mnist_growth.network.mode import evaluation_mode


@dataclass(frozen=True)
class TracedLayer:
    """An affine map or a batch norm in one forward pass.

    The gradient of W in z = W x + b for one image is the outer product of the gradient of z and x (Goodfellow,
    "Efficient per-example gradient computations", 2015).

    Attributes:
        name: Of the module in its network.
        module: ``nn.Linear`` or ``nn.BatchNorm1d``.
        inputs: Float [B, inputs], without a gradient.
        outputs: Float [B, outputs], part of the graph of gradients.
    """

    name: str
    module: nn.Linear | nn.BatchNorm1d
    inputs: Tensor
    outputs: Tensor

    @property
    def normalised(self) -> Tensor:
        """Inputs of a batch norm in evaluation mode after the normalisation, before scale and shift, [B, inputs]."""
        assert isinstance(self.module, nn.BatchNorm1d)
        mean, variance = self.module.running_mean, self.module.running_var
        assert mean is not None
        assert variance is not None
        return (self.inputs - mean) * (variance + self.module.eps).rsqrt()


@contextlib.contextmanager
def trace_layers(network: Network) -> Iterator[list[TracedLayer]]:
    """Collect the affine maps and batch norms of the forward passes within the context, in the order of their calls."""
    traced: list[TracedLayer] = []

    def watch(name: str, module: nn.Linear | nn.BatchNorm1d) -> None:
        def hook(_module: nn.Module, arguments: tuple[Tensor, ...], result: Tensor) -> None:
            if torch.is_grad_enabled() and not result.requires_grad:
                result.requires_grad_(True)  # the parameters of a loaded network are frozen
            traced.append(TracedLayer(name, module, arguments[0].detach(), result))

        hooks.callback(module.register_forward_hook(hook).remove)

    with contextlib.ExitStack() as hooks:
        for name, module in network.named_modules():
            if isinstance(module, nn.Linear | nn.BatchNorm1d):
                watch(name, module)
        yield traced


def has_vector_layers(network: Network) -> bool:
    """Return whether all parameters belong to affine maps and batch norms that see one vector for each image."""
    owners = [module for module in network.modules() if list(module.parameters(recurse=False))]
    if not all(isinstance(module, nn.Linear | nn.BatchNorm1d) for module in owners):
        return False
    with torch.no_grad(), evaluation_mode(network), trace_layers(network) as traced:
        network(torch.zeros(2, 28, 28, dtype=torch.uint8, device=network.device))
    return len(traced) == len(owners) and all(layer.inputs.shape[:-1] == (2,) for layer in traced)
