"""By how much the loss rises in a neighbourhood of the parameters."""

import torch
from torch import Tensor

from mnist_growth.inspection.landscape.weights import WeightSpace
from mnist_growth.progress import track


def sharpness(weights: WeightSpace, images: Tensor, labels: Tensor, radius: float, steps: int) -> float:
    """Return the largest increase of the loss found within an adaptive radius, in nats.

    max L(w + e) - L(w) over |e / |w||_2 <= radius, where each entry of e is divided by the modulus of its parameter
    (Kwon, Kim, Park and Choi, "ASAM: adaptive sharpness-aware minimization", ICML 2021, definition 2). Unlike a ball of
    one radius for all parameters, it does not change when the weights before and after a relu, or before a batch norm,
    are rescaled. The maximum is sought by ascent with normalised gradients, so the result is a lower bound.

    Args:
        weights: The network.
        images: uint8 [N, 28, 28].
        labels: int64 [N].
        radius: Relative radius.
        steps: Gradients computed.
    """
    centre = weights.vector()
    scale = centre.abs()
    before = weights.score(images, labels).loss
    relative, largest = torch.zeros_like(centre), 0.0
    for _ in track(range(steps), steps):
        ascent = scale * weights.gradient(images, labels, centre + scale * relative)
        length = ascent.norm()
        if not length > 0:
            break
        # The first step goes to the boundary, as in the paper; the others move along it.
        relative = relative + radius / length * ascent
        relative = relative * min(1.0, radius / float(relative.norm()))
        largest = max(largest, weights.score(images, labels, centre + scale * relative).loss - before)
    weights.move_to(centre)
    return largest
