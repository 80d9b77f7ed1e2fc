"""Whether the pixels that an attribution ranks first are those that the network uses."""

import torch
from torch import Tensor

from mnist_growth.inspection.explanation.target import CHUNK, Logits


def pixel_order(attributions: Tensor, generator: torch.Generator) -> Tensor:
    """Return the positions of the pixels of each image from the most to the least supporting, int64 [N, 784].

    Args:
        attributions: Float [N, 28, 28]; equal values are ordered at random.
        generator: Source of that order, on the CPU.
    """
    flat = attributions.flatten(1)
    shuffled = torch.randperm(flat.shape[1], generator=generator).to(flat.device)
    return shuffled[flat[:, shuffled].argsort(dim=1, descending=True, stable=True)]


def random_order(count: int, pixels: int, generator: torch.Generator) -> Tensor:
    """Return the positions of the pixels of each image in a random order of its own, int64 [count, pixels]."""
    return torch.rand(count, pixels, generator=generator).argsort(dim=1)


def perturbation_curve(
    network: Logits, images: Tensor, classes: Tensor, order: Tensor, *, steps: int, insertion: bool
) -> Tensor:
    """Return the probability of a class while pixels are removed, or inserted into a black image, in some order.

    V. Petsiuk, A. Das, K. Saenko, *RISE: randomized input sampling for explanation of black-box models*, BMVC 2018,
    section 4.3. Removed pixels are black, the background of the digits.

    Args:
        network: Maps grey values to logits.
        images: Grey values, float [N, 28, 28].
        classes: Class of each image, int64 [N].
        order: Positions of the pixels of each image, int64 [N, 784].
        steps: Steps of nearly the same number of pixels.
        insertion: Whether pixels are inserted.

    Returns:
        Float64 [N, steps + 1], from no pixel to all of them.
    """
    rank = order.argsort(dim=1)  # the place of each pixel in the order
    bounds = torch.linspace(0, order.shape[1], steps + 1, device=images.device).round().long()
    taken = rank.unsqueeze(1) < bounds.reshape(1, -1, 1)  # [N, steps + 1, 784]
    results = []
    block = max(1, CHUNK // (steps + 1))
    with torch.no_grad():
        for chunk, some, mask in zip(
            torch.split(images, block), torch.split(classes, block), torch.split(taken, block), strict=True
        ):
            kept = mask if insertion else ~mask
            changed = (chunk.flatten(1).unsqueeze(1) * kept).reshape(-1, *images.shape[1:])
            probabilities = network(changed).double().softmax(dim=1)
            own = some.repeat_interleave(steps + 1).unsqueeze(1)
            results.append(probabilities.gather(1, own).reshape(len(chunk), -1))
    return torch.cat(results)


def area_under(curves: Tensor) -> Tensor:
    """Return the area under each curve over the share of pixels, from 0 to 1, by the trapezoidal rule.

    Args:
        curves: Float [N, steps + 1].

    Returns:
        Float [N].
    """
    return torch.trapezoid(curves, dx=1 / (curves.shape[1] - 1), dim=1)
