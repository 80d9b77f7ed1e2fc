"""How noisy the gradient of a batch is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit
from torch import Tensor

from mnist_growth.inspection.landscape.weights import WeightSpace
from mnist_growth.progress import track


@dataclass(frozen=True)
class NoiseScale:
    """An estimate of the gradient noise scale, in images.

    Attributes:
        value: None if the estimate of the squared gradient is not positive: it is too small for so few images.
        low: Lower end of the 95 % interval.
        high: Upper end; None if it is unbounded, because the squared gradient may be 0.
    """

    value: float | None
    low: float
    high: float | None


def gradient_noise_scale(weights: WeightSpace, images: Tensor, labels: Tensor, batches: int) -> NoiseScale:
    """Return the simple noise scale B = tr(S) / |G|^2.

    G is the gradient of the expected loss and S the covariance of the gradients of single images (McCandlish, Kaplan,
    Amodei and others, "An empirical model of large-batch training", 2018, equation 2.9). At batch sizes far below B,
    twice the batch makes about twice the progress; far above it, larger batches gain nothing. Both terms are estimated
    without bias from the products of the gradients of disjoint batches, and their covariance by the jackknife over the
    batches.

    Args:
        weights: The network, without batch statistics, so that images do not depend on each other.
        images: uint8 [N, 28, 28], in any order.
        labels: int64 [N].
        batches: Number of batches of equal size that the images are dealt to, 3 or more; images left over are not used.
    """
    size = len(images) // batches
    gradients = None
    for batch in track(range(batches), batches):
        # Dealt like cards: evenly spaced digits of a sorted set would otherwise give batches of few classes.
        dealt = slice(batch, batches * size, batches)
        gradient = weights.gradient(images[dealt], labels[dealt])
        gradients = gradient.new_empty(batches, len(gradient)) if gradients is None else gradients
        gradients[batch] = gradient
    assert gradients is not None
    products = (gradients @ gradients.T).double().cpu().numpy()
    trace, signal = _moments(products, size)
    left_out = np.array(
        [_moments(np.delete(np.delete(products, index, 0), index, 1), size) for index in range(batches)]
    )
    covariance = (batches - 1) ** 2 / batches * np.cov(left_out.T)  # of the jackknife
    low, high = _fieller(trace, signal, covariance, float(stdtrit(batches - 1, 0.975)))
    return NoiseScale(float(trace / signal) if signal > 0 else None, low, high)


def _moments(products: NDArray[np.float64], size: int) -> tuple[float, float]:
    """Return unbiased estimates of tr(S) and |G|^2 from the products of the gradients of batches of one size."""
    count, squares = len(products), np.trace(products)
    signal = (products.sum() - squares) / (count * (count - 1))  # of two different batches
    return float(size * (squares / count - signal)), float(signal)


def _fieller(
    numerator: float, denominator: float, covariance: NDArray[np.float64], quantile: float
) -> tuple[float, float | None]:
    """Return the interval of a ratio of two estimates; None for an upper end that is unbounded.

    Fieller, "Some problems in interval estimation", Journal of the Royal Statistical Society B 16, 1954: all ratios r
    for which numerator - r denominator does not differ from 0 significantly.
    """
    square = denominator**2 - quantile**2 * covariance[1, 1]
    linear = -2 * (numerator * denominator - quantile**2 * covariance[0, 1])
    constant = numerator**2 - quantile**2 * covariance[0, 0]
    roots = np.sort(np.roots([square, linear, constant]).real)
    if square > 0 and denominator > 0:
        return float(roots[0]), float(roots[-1])
    return max(0.0, float(roots[-1])), None
