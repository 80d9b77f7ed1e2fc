"""Incoming weights of units as images."""

import torch
from torch import Tensor

from mnist_growth.inspection.explanation.activations import activation_axes, forward, per_unit
from mnist_growth.network import Network


def incoming_weights(network: Network, images: Tensor, layer: int, units: Tensor) -> Tensor:
    """Return the mean gradient of the activation of units with respect to the pixels, over digits that excite them.

    For the first layer of a chain of affine maps and relus these are the incoming weights, normalisations included; for
    deeper ones and other networks, their effective weights on the digits.

    Args:
        network: In evaluation mode.
        images: Grey values, float [N, 28, 28].
        layer: One-based number of the group of units.
        units: Positions in the group, int64 [K].

    Returns:
        Float [K, 28, 28]; zeros for units that no image excites.
    """
    axis = activation_axes(network)[layer - 1]
    weights = []
    with torch.enable_grad():
        pixels = images.detach().requires_grad_()
        _, activations = forward(network, pixels)
        values = per_unit(activations[layer - 1], axis, len(images)).mean(dim=(1, 3))
        for unit in units.tolist():
            (gradient,) = torch.autograd.grad(values[:, unit].sum(), pixels, retain_graph=True)
            active = values[:, unit].detach() > 0
            weights.append(gradient[active].sum(dim=0) / active.sum().clamp(min=1))
    return torch.stack(weights)
