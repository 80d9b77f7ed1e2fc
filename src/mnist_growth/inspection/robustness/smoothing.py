"""Randomised smoothing: the answer that a network gives most often under noise, and how far it is certain."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import torch
from torch import Tensor

from mnist_growth.inspection.robustness.margins import Logits

ABSTAINED = -1
"""Prediction where no class has a majority that is statistically certain."""

_SAMPLES = 1000  # noisy images at once


@dataclass(frozen=True)
class Smoothing:
    """Settings of randomised smoothing.

    Attributes:
        sigma: Standard deviation of the noise of each pixel, for pixels from 0 to 1.
        selection_samples: Number of noisy images that the class is chosen with.
        samples: Number of other noisy images that its probability is estimated with.
        error_probability: Largest probability that a radius is too large.
        seed: Of the noise.
    """

    sigma: float
    selection_samples: int
    samples: int
    error_probability: float
    seed: int


def certify(logits: Logits, pixels: Tensor, smoothing: Smoothing) -> Iterator[tuple[int, float]]:
    """Yield, for each image, the prediction of the smoothed network and the length of changes that cannot alter it.

    Cohen, Rosenfeld and Kolter, "Certified adversarial robustness via randomized smoothing", ICML 2019, algorithm 1
    (CERTIFY). The certificate is one of the smoothed network, whose answer is that of most noisy images.

    Args:
        logits: A network.
        pixels: Float [N, 28, 28], from 0 to 1; noisy pixels are not clipped.
        smoothing: Settings.

    Yields:
        The class, or ``ABSTAINED``, and the radius, sigma times the quantile of the lower bound of the probability of
        the class; 0 after an abstention.
    """
    generator = torch.Generator().manual_seed(smoothing.seed)
    for image in pixels:
        chosen = int(_counts(logits, image, smoothing.selection_samples, smoothing.sigma, generator).argmax())
        hits = int(_counts(logits, image, smoothing.samples, smoothing.sigma, generator)[chosen])
        bound = lower_bound(hits, smoothing.samples, smoothing.error_probability)
        if bound > 0.5:
            yield chosen, smoothing.sigma * NormalDist().inv_cdf(bound)
        else:
            yield ABSTAINED, 0.0


def lower_bound(successes: int, trials: int, error_probability: float) -> float:
    """Return a number that a probability exceeds but for a probability of error.

    The one-sided interval of C. J. Clopper and E. S. Pearson, Biometrika 26 (4), 1934.
    """
    from scipy.stats import beta  # imported here: slow, and few commands need it

    if successes == 0:
        return 0.0
    return float(beta.ppf(error_probability, successes, trials - successes + 1))


@torch.no_grad()
def _counts(logits: Logits, image: Tensor, samples: int, sigma: float, generator: torch.Generator) -> Tensor:
    """Return how often a network answers each class for an image with noise, int64 [C]."""
    answers = []
    for start in range(0, samples, _SAMPLES):
        noise = torch.randn(min(_SAMPLES, samples - start), *image.shape, generator=generator)
        outputs = logits(image + sigma * noise)
        answers.append(outputs.argmax(1))
    return torch.bincount(torch.cat(answers), minlength=outputs.shape[1])
