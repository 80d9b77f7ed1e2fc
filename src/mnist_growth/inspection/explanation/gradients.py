"""Attributions from the gradient at the image."""

import torch
from torch import Tensor

from mnist_growth.inspection.explanation.target import CHUNK, Logits, lead_gradients


def saliency(network: Logits, images: Tensor, classes: Tensor) -> Tensor:
    """Return the absolute gradient of the lead: how sensitive the prediction is to each pixel.

    K. Simonyan, A. Vedaldi, A. Zisserman, *Deep inside convolutional networks*, ICLR workshop 2014, section 3.

    Args:
        network: Maps grey values to logits.
        images: Grey values, float [N, 28, 28].
        classes: Explained class of each image, int64 [N].

    Returns:
        Float [N, 28, 28], 0 or more, per grey value.
    """
    return lead_gradients(network, images, classes)[0].abs()


def gradient_times_input(network: Logits, images: Tensor, classes: Tensor) -> Tensor:
    """Return grey value times gradient of the lead: the contribution of each pixel if the network were linear.

    A. Shrikumar, P. Greenside, A. Kundaje, *Learning important features through propagating activation differences*,
    ICML 2017, section 2.

    Args:
        network: Maps grey values to logits.
        images: Grey values, float [N, 28, 28].
        classes: Explained class of each image, int64 [N].

    Returns:
        Float [N, 28, 28]: positive pixels support the class, negative ones oppose it.
    """
    return lead_gradients(network, images, classes)[0] * images


def smooth_grad(
    network: Logits, images: Tensor, classes: Tensor, *, samples: int, deviation: float, generator: torch.Generator
) -> Tensor:
    """Return the absolute value of the mean gradient of the lead over noisy copies of each image.

    D. Smilkov et al., *SmoothGrad: removing noise by adding noise*, 2017, section 2.

    Args:
        network: Maps grey values to logits.
        images: Grey values, float [N, 28, 28].
        classes: Explained class of each image, int64 [N].
        samples: Noisy copies of each image.
        deviation: Standard deviation of the Gaussian noise, in grey values.
        generator: Source of the noise, on the CPU.

    Returns:
        Float [N, 28, 28], 0 or more, per grey value.
    """
    results = []
    block = max(1, CHUNK // samples)
    for chunk, some in zip(torch.split(images, block), torch.split(classes, block), strict=True):
        noise = torch.randn((len(chunk), samples, *chunk.shape[1:]), generator=generator)
        noisy = chunk.unsqueeze(1) + deviation * noise.to(chunk)
        gradients, _ = lead_gradients(network, noisy.flatten(0, 1), some.repeat_interleave(samples))
        results.append(gradients.reshape(noisy.shape).mean(dim=1).abs())
    return torch.cat(results)
