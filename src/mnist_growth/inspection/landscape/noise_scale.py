"""How noisy the gradient of a batch is."""

import numpy as np
import torch
from torch import Tensor

from mnist_growth.inspection.landscape.spectrum import Estimate
from mnist_growth.inspection.landscape.weights import WeightSpace
from mnist_growth.progress import track


def gradient_noise_scale(weights: WeightSpace, images: Tensor, labels: Tensor, batches: int) -> Estimate | None:
    """Return the simple noise scale B = tr(S) / |G|^2, in images.

    G is the gradient of the expected loss and S the covariance of the gradients of single images (McCandlish, Kaplan,
    Amodei and others, "An empirical model of large-batch training", 2018, equation 2.9). At batch sizes far below B,
    twice the batch makes about twice the progress; far above it, larger batches gain nothing. Both terms are estimated
    without bias from the products of the gradients of disjoint batches; the standard error is that of the jackknife
    over the batches.

    Args:
        weights: The network, without batch statistics, so that images do not depend on each other.
        images: uint8 [N, 28, 28], in any order.
        labels: int64 [N].
        batches: Number of batches of equal size that the images are dealt to, 3 or more; images left over are not used.

    Returns:
        The estimate; None if the estimate of |G|^2 is not positive: the gradient is too small for so few images.
    """
    size = len(images) // batches
    # Dealt like cards: evenly spaced digits of a sorted set would otherwise give batches of few classes.
    gradients = torch.stack(
        [
            weights.gradient(images[first : batches * size : batches], labels[first : batches * size : batches])
            for first in track(range(batches), batches)
        ]
    )
    products = (gradients @ gradients.T).double().cpu().numpy()
    value = _noise_scale(products, size)
    if value is None:
        return None
    others = [np.delete(np.delete(products, index, 0), index, 1) for index in range(batches)]
    left_out = np.array([_noise_scale(each, size) or np.nan for each in others])
    error = float(np.sqrt((batches - 1) / batches * ((left_out - left_out.mean()) ** 2).sum()))
    return Estimate.of(value, error, batches)


def _noise_scale(products: np.ndarray, size: int) -> float | None:
    """Return B from the products of the gradients of batches of one size."""
    count = len(products)
    squares = np.trace(products) / count
    signal = (products.sum() - np.trace(products)) / (count * (count - 1))
    return float(size * (squares - signal) / signal) if signal > 0 else None
