"""Hidden layers relu(norm(W x + b))."""

import torch
from torch import Tensor, nn

from mnist_growth.network.units import UnitAxis, UnitGroup


class HiddenLayer(nn.Module):
    """relu(norm(W x + b)); with batch norm, its shift replaces the bias."""

    def __init__(self, fan_in: int, width: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(fan_in, width, bias=not batch_norm)
        self.norm = nn.BatchNorm1d(width) if batch_norm else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Map activations [N, fan_in] to activations [N, width]."""
        outputs = self.linear(inputs)
        if self.norm is not None:
            outputs = self.norm(outputs)
        return torch.relu(outputs)

    def axes(self, name: str) -> tuple[UnitAxis, ...]:
        """Return the axes over the units of this layer in its own tensors.

        Args:
            name: Of the layer in its network.
        """
        sums = (
            (
                UnitAxis(f"{name}.norm.weight", 0, "scale"),
                UnitAxis(f"{name}.norm.bias", 0, "shift"),
                UnitAxis(f"{name}.norm.running_mean", 0, "mean"),
                UnitAxis(f"{name}.norm.running_var", 0, "variance"),
            )
            if self.norm is not None
            else (UnitAxis(f"{name}.linear.bias", 0, "bias"),)
        )
        return (UnitAxis(f"{name}.linear.weight", 0, "incoming"), *sums)


def chain_of_groups(layers: nn.ModuleList, next_weight: str) -> tuple[UnitGroup, ...]:
    """Return the groups of units of hidden layers of which each is the input of the next one.

    Args:
        layers: The hidden layers, which their network calls ``hidden``.
        next_weight: Name of the weight whose inputs are the units of the last one.
    """
    groups = []
    for number, layer in enumerate(layers, start=1):
        assert isinstance(layer, HiddenLayer)
        weight = next_weight if number == len(layers) else f"hidden.{number}.linear.weight"
        name = f"hidden.{number - 1}"
        axes = (*layer.axes(name), UnitAxis(weight, 1, "outgoing"))
        groups.append(UnitGroup(name, layer.linear.out_features, axes, title=f"hidden layer {number}"))
    return tuple(groups)
