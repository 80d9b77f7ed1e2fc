"""How much change of images and weights a network withstands: attacks, distances, bounds and noise."""

from mnist_growth.inspection.robustness.attacks import Attack, Norm, ascend, fgsm, norms, pgd
from mnist_growth.inspection.robustness.distance import nearest_mistakes, smallest_changes
from mnist_growth.inspection.robustness.gradient_lengths import input_gradient_lengths
from mnist_growth.inspection.robustness.lipschitz import (
    UpperBounds,
    certified_radii,
    chain_bounds,
    jacobian_norms,
    steepest,
    upper_bounds,
)
from mnist_growth.inspection.robustness.margins import Logits, logits_of
from mnist_growth.inspection.robustness.sensitivity import WeightPart, weight_parts, weight_sensitivity
from mnist_growth.inspection.robustness.smoothing import ABSTAINED, Smoothing, certify, lower_bound

__all__ = [
    "ABSTAINED",
    "Attack",
    "Logits",
    "Norm",
    "Smoothing",
    "UpperBounds",
    "WeightPart",
    "ascend",
    "certified_radii",
    "certify",
    "chain_bounds",
    "fgsm",
    "input_gradient_lengths",
    "jacobian_norms",
    "logits_of",
    "lower_bound",
    "nearest_mistakes",
    "norms",
    "pgd",
    "smallest_changes",
    "steepest",
    "upper_bounds",
    "weight_parts",
    "weight_sensitivity",
]
