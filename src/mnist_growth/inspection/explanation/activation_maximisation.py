"""Images that excite a unit as much as possible."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mnist_growth.inspection.explanation.activations import activation_axes, forward, per_unit
from mnist_growth.network import Network
from mnist_growth.network.interface import PIXEL_RANGE

_STEP = 0.5  # length of a step: norm of the change of an image, on the scale 0 to 1 of the grey values
_DECAY = 0.01  # share of the grey values that is taken away in each step
_BLUR_EVERY = 4  # steps
_KERNEL = (0.1, 0.8, 0.1)  # of the blur, in both directions


def maximise(
    network: Network, layer: int, units: Tensor, start: Tensor, *, steps: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return an image for each unit that excites it, found by gradient ascent.

    The norm of the image decays, it is moved by up to one pixel in each step, and blurred every few steps, so that the
    result does not depend on single pixels: J. Yosinski et al., *Understanding neural networks through deep
    visualization*, ICML workshop 2015, section 3, and C. Olah, A. Mordvintsev, L. Schubert, *Feature visualization*,
    2017.

    Args:
        network: In evaluation mode.
        layer: One-based number of the group of units.
        units: Positions in the group, int64 [K].
        start: Grey values to start with, float [K, 28, 28]; a unit that is not active there gets no gradient.
        steps: Steps of gradient ascent.
        generator: Source of the moves, on the CPU.

    Returns:
        Grey values from 0 to 255, float [K, 28, 28], and the activations of the units, float [K].
    """
    axis = activation_axes(network)[layer - 1]
    rows = torch.arange(len(units), device=start.device)

    def activation(images: Tensor) -> Tensor:
        _, activations = forward(network, images)
        return per_unit(activations[layer - 1], axis, len(images)).mean(dim=(1, 3))[rows, units]

    images = start.detach() / PIXEL_RANGE
    for step in range(steps):
        down, across = (int(move) - 1 for move in torch.randint(3, (2,), generator=generator))
        moved = images.roll((down, across), dims=(1, 2))
        with torch.enable_grad():
            pixels = moved.requires_grad_()
            (gradient,) = torch.autograd.grad(activation(pixels * PIXEL_RANGE).sum(), pixels)
        length = gradient.flatten(1).norm(dim=1).clamp(min=torch.finfo(gradient.dtype).tiny)
        moved = moved.detach() * (1 - _DECAY) + _STEP * gradient / length.reshape(-1, 1, 1)
        images = moved.roll((-down, -across), dims=(1, 2)).clamp(0, 1)
        if step % _BLUR_EVERY == _BLUR_EVERY - 1 and step < steps - 1:
            images = _blurred(images)
    found = images * PIXEL_RANGE
    with torch.no_grad():
        return found, activation(found)


def _blurred(images: Tensor) -> Tensor:
    kernel = images.new_tensor(_KERNEL)
    return F.conv2d(images.unsqueeze(1), torch.outer(kernel, kernel)[None, None], padding=1).squeeze(1)
