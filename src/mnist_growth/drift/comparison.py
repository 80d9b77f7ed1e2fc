"""Comparison of recent images with the training digits."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mnist_growth.drift.config import DriftConfig
from mnist_growth.drift.divergences import kl_divergence, ks_test, population_stability_index, smoothed
from mnist_growth.drift.features import CONTINUOUS, PREDICTION, Features
from mnist_growth.drift.reference import DriftReference, bin_counts

Measure = Literal["kl", "psi", "ks"]


@dataclass(frozen=True)
class FeatureDrift:
    """Drift of one feature.

    Attributes:
        feature: Name of the feature.
        images: Number of images that were compared.
        kl: KL(training || current) of the smoothed histograms, in nats.
        psi: Population stability index of the smoothed histograms, in nats.
        ks: Kolmogorov-Smirnov distance, 0 to 1; None for a feature without an order.
        ks_p_value: P-value of the Kolmogorov-Smirnov test, which assumes independent images; digits of one writer are
            not independent.
        measure: The measure that is largest in relation to its limit: "kl", "psi" or "ks".
        times_limit: That measure divided by its limit.
        alarm: Whether `times_limit` is above 1 and there are enough images.
    """

    feature: str
    images: int
    kl: float
    psi: float
    ks: float | None
    ks_p_value: float | None
    measure: Measure
    times_limit: float
    alarm: bool


def compare(reference: DriftReference, current: Features, config: DriftConfig) -> list[FeatureDrift]:
    """Compare images with the training digits, feature by feature.

    Args:
        reference: Drift reference of the network.
        current: Features of N >= 1 images.
        config: Smoothing and limits for an alarm.
    """
    result = []
    for name, training in reference.features.items():
        values = current[name]
        limits = config.prediction if name in PREDICTION else config.style
        expected = smoothed(training.counts, config.smoothing)
        found = smoothed(bin_counts(values, training.edges), config.smoothing)
        kl, psi = kl_divergence(expected, found), population_stability_index(expected, found)
        ks, p_value = ks_test(training.sample, values[~np.isnan(values)]) if name in CONTINUOUS else (None, None)
        ratios: dict[Measure, float] = {"kl": kl / limits.kl, "psi": psi / limits.psi}
        if ks is not None:
            ratios["ks"] = ks / limits.ks
        measure = max(ratios, key=lambda each: ratios[each])
        alarm = ratios[measure] > 1 and len(values) >= config.min_images
        result.append(FeatureDrift(name, len(values), kl, psi, ks, p_value, measure, ratios[measure], alarm))
    return result


def has_drifted(features: Iterable[FeatureDrift]) -> bool:
    """Whether any feature raises an alarm."""
    return any(feature.alarm for feature in features)
