"""Attributions of single images, fast enough to follow a drawing."""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mnist_growth.inspection.explanation import (
    Logits,
    gradient_times_input,
    integrated_gradients,
    occlusion,
    saliency,
)

ServedMethod = Literal["gradient_times_input", "saliency", "integrated_gradients", "occlusion"]
DEFAULT_METHOD: ServedMethod = "gradient_times_input"

_STEPS = 32  # of integrated gradients; all of them are one batch
_SIDE, _STRIDE = 4, 2  # pixels: the square of occlusion and the distance between two squares


def _integrated_gradients(network: Logits, images: Tensor, classes: Tensor) -> Tensor:
    return integrated_gradients(network, images, classes, baseline=torch.zeros_like(images[0]), steps=_STEPS)


def _occlusion(network: Logits, images: Tensor, classes: Tensor) -> Tensor:
    return occlusion(network, images, classes, side=_SIDE, stride=_STRIDE)


_METHODS: dict[ServedMethod, Callable[[Logits, Tensor, Tensor], Tensor]] = {
    "gradient_times_input": gradient_times_input,
    "saliency": saliency,
    "integrated_gradients": _integrated_gradients,
    "occlusion": _occlusion,
}


def served_method(name: str) -> ServedMethod:
    """Return the method of this name.

    Raises:
        ValueError: There is none; the message lists all of them.
    """
    for method in get_args(ServedMethod):
        if name == method:
            found: ServedMethod = method
            return found
    raise ValueError(f"There is no such attribution method; expected one of {', '.join(get_args(ServedMethod))}")


def attribute(network: Logits, image: NDArray[np.uint8], digit: int, method: ServedMethod) -> NDArray[np.float32]:
    """Return the attribution of each pixel, scaled so that the largest is 1 or -1.

    Args:
        network: Maps grey values, float32 [N, 28, 28], to logits, float32 [N, C].
        image: Uint8 [28, 28], in MNIST form.
        digit: The class that is explained.
        method: How it is explained.

    Returns:
        Float32 [28, 28]; zeros where no pixel has any influence.
    """
    pixels = torch.from_numpy(image[np.newaxis].astype(np.float32))
    influence = _METHODS[method](network, pixels, torch.tensor([digit]))[0].numpy()
    largest = np.abs(influence).max()
    scaled: NDArray[np.float32] = influence / largest if largest > 0 else np.zeros_like(influence)
    return scaled
