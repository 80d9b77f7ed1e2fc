"""Comparing recent images with those of training."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mnist_growth.drift.config import DriftConfig
from mnist_growth.drift.divergences import kl_divergence, ks_test, population_stability_index, smoothed
from mnist_growth.drift.features import CONTINUOUS, PREDICTION, Features
from mnist_growth.drift.reference import DriftReference, bin_counts


@dataclass(frozen=True)
class FeatureDrift:
    """How far one feature of some images is from training.

    Attributes:
        feature: Its name.
        images: Number of images that were compared.
        kl: KL(training || current) in nats, of the smoothed histograms.
        psi: Population stability index in nats, of the same.
        ks: Distance of Kolmogorov and Smirnov, 0 to 1; None for a feature without an order.
        ks_p_value: Probability of a distance at least as large if nothing had changed and images came independently of
            each other, which digits of one writer do not.
        alarm: Whether one of the first three is above its limit, and there are enough images to say so.
    """

    feature: str
    images: int
    kl: float
    psi: float
    ks: float | None
    ks_p_value: float | None
    alarm: bool


def compare(reference: DriftReference, current: Features, config: DriftConfig) -> list[FeatureDrift]:
    """Compare images with those of training, feature by feature.

    Args:
        reference: Of the network.
        current: Features of N >= 1 images.
        config: Smoothing, and the limits for an alarm.
    """
    result = []
    for name, training in reference.features.items():
        values = current[name]
        limits = config.prediction if name in PREDICTION else config.style
        expected = smoothed(training.counts, config.smoothing)
        found = smoothed(bin_counts(values, training.edges), config.smoothing)
        kl, psi = kl_divergence(expected, found), population_stability_index(expected, found)
        ks, p_value = ks_test(training.sample, values[~np.isnan(values)]) if name in CONTINUOUS else (None, None)
        above = kl > limits.kl or psi > limits.psi or (ks is not None and ks > limits.ks)
        alarm = above and len(values) >= config.min_images
        result.append(FeatureDrift(name, len(values), kl, psi, ks, p_value, alarm))
    return result


def has_drifted(features: Iterable[FeatureDrift]) -> bool:
    """Whether any feature raises an alarm."""
    return any(feature.alarm for feature in features)
