"""The network that the mean corruption error is relative to."""

from collections.abc import Mapping

import numpy as np

BASELINE_DATASET = "mnist"

BASELINE_ERRORS: Mapping[str, float] = {
    "shot_noise": 0.0087,
    "impulse_noise": 0.2574,
    "glass_blur": 0.7543,
    "motion_blur": 0.509,
    "shear": 0.0341,
    "scale": 0.0808,
    "rotate": 0.2022,
    "brightness": 0.7298,
    "translate": 0.1269,
    "stripe": 0.7316,
    "fog": 0.8801,
    "spatter": 0.3872,
    "dotted_line": 0.3234,
    "zigzag": 0.5238,
    "canny_edges": 0.2988,
}
"""Mean error rate over the five severities of each corruption.

Measured on one network of ``kedro run --env fixed`` (3 x 512 units from the start, seed 0), with 2,000 evenly spaced
test digits of MNIST and ``robustness.seed`` 0.
"""


def mean_corruption_error(
    accuracies: Mapping[str, Mapping[str, float]], dataset: str, baseline: Mapping[str, float] = BASELINE_ERRORS
) -> float | None:
    """Return the mean over the corruptions of the error rate relative to that of the baseline network.

    D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to common corruptions and perturbations",
    ICLR 2019, section 4.1: the sums over the severities are divided, then averaged.

    Args:
        accuracies: By corruption and severity.
        dataset: Name of the set of digits that they were measured on.
        baseline: Mean error rate over the severities, by corruption.

    Returns:
        1 for a network as good as the baseline; None on other digits than those of the baseline.
    """
    if dataset != BASELINE_DATASET:
        return None
    errors = {name: 1 - float(np.mean(list(values.values()))) for name, values in accuracies.items()}
    return float(np.mean([errors[name] / baseline[name] for name in errors]))
