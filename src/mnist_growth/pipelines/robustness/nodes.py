"""Noise, corruptions, bounds, noise on weights, and the metrics of robustness."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mnist_growth import evaluation
from mnist_growth.digits.corruptions import SEVERITIES, corrupt
from mnist_growth.digits.corruptions.noise import salt_and_pepper
from mnist_growth.evaluation import EvaluationConfig
from mnist_growth.inspection.robustness import (
    certified_radii,
    certify,
    logits_of,
    steepest,
    upper_bounds,
    weight_parts,
    weight_sensitivity,
)
from mnist_growth.inspection.robustness.config import RobustnessConfig
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.pipelines.robustness.baseline import mean_corruption_error
from mnist_growth.pipelines.robustness.sample import Sample, accuracy_table
from mnist_growth.progress import track


def add_noise(trained: TrainedNetwork, sample: Sample, config: RobustnessConfig) -> pd.DataFrame:
    """Return the accuracy with noise of the pixels.

    Returns:
        One row per kind ("gaussian", "salt_and_pepper") and ``strength`` (0: without noise) with the accuracy as
        ``accuracy_table`` gives it.
    """
    grey = sample.images.astype(np.float32) / np.float32(255)
    strengths = {"gaussian": config.noise.gaussian, "salt_and_pepper": config.noise.salt_and_pepper}
    steps = [(noise, strength) for noise, values in strengths.items() for strength in sorted({0.0, *values})]
    rows = []
    for noise, strength in track(steps, len(steps)):
        generator = np.random.default_rng(config.seed)
        if noise == "gaussian":
            noisy = grey + np.float32(strength) * generator.standard_normal(grey.shape, np.float32)
        else:
            noisy = salt_and_pepper(grey, strength, generator)
        images = np.round(255 * np.clip(noisy, 0, 1)).astype(np.uint8)
        answers = predict_logits(trained.network, images).argmax(axis=1)
        rows.append({"noise": noise, "strength": strength, "correct": int((answers == sample.labels).sum())})
    return accuracy_table(rows, len(sample.labels))


def corrupt_digits(
    trained: TrainedNetwork, sample: Sample, config: RobustnessConfig, evaluation_config: EvaluationConfig
) -> pd.DataFrame:
    """Return accuracy and calibration for each corruption and severity.

    Returns:
        One row per ``corruption`` and ``severity`` (1 to 5), and one for the original digits ("none", 0): the accuracy
        as ``accuracy_table`` gives it, ``confidence`` (mean probability of the answer) and
        ``calibration_error`` (expected calibration error).
    """
    steps = [(name, severity) for name in config.corruptions for severity in SEVERITIES]
    rows = [_measured(trained, "none", 0, sample.images, sample, evaluation_config)]
    for name, severity in track(steps, len(steps)):
        images = corrupt(sample.images, name, severity, config.seed)
        rows.append(_measured(trained, name, severity, images, sample, evaluation_config))
    return accuracy_table(rows, len(sample.labels))


def _measured(
    trained: TrainedNetwork,
    name: str,
    severity: int,
    images: NDArray[np.uint8],
    sample: Sample,
    config: EvaluationConfig,
) -> dict[str, object]:
    predictions = evaluation.prediction_table(predict_logits(trained.network, images), sample.labels)
    correct = (predictions["prediction"] == predictions["label"]).to_numpy()
    confidence = predictions["confidence"].to_numpy()
    return {
        "corruption": name,
        "severity": severity,
        "correct": int(correct.sum()),
        "confidence": float(confidence.mean()),
        "calibration_error": evaluation.expected_calibration_error(confidence, correct, config.calibration_bins),
    }


def bound_changes(
    trained: TrainedNetwork, sample: Sample, config: RobustnessConfig
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return bounds of the Lipschitz constant and certified accuracies.

    Returns:
        - ``lower``, ``upper`` and ``product_of_spectral_norms`` (None where no upper bound is known) of the map from
          pixels, 0 to 1, to logits in Euclidean norms, and the ``norm``, "l2".
        - One row per ``certificate`` ("lipschitz", of the network; "smoothing", of its smoothed version) and
          ``epsilon`` (L2): the share of digits that are classified correctly under every change of at most this length,
          as ``accuracy_table`` gives it, and ``median_radius``, the median over the digits.
    """
    settings = config.bounds
    bounds = upper_bounds(trained.network)
    with logits_of(trained.network) as logits:
        search = steepest(
            logits, sample.pixels, points=settings.search_points, steps=settings.search_steps, seed=config.seed
        )
        *_, lower = track(search, settings.search_steps + 3)
        smoothed = certify(logits, sample.pixels[: settings.smoothed_digits], config.bounds.smoothing(config.seed))
        count = min(settings.smoothed_digits, len(sample.labels))
        certificates = list(track(smoothed, count))
    tables = []
    if bounds is not None:
        radii = certified_radii(predict_logits(trained.network, sample.images), sample.labels, bounds.leads)
        tables.append(_certified("lipschitz", radii, config))
    smoothed_radii = [
        radius if answer == label else 0.0
        for (answer, radius), label in zip(certificates, sample.labels[:count], strict=True)
    ]
    correct = [answer == label for (answer, _), label in zip(certificates, sample.labels[:count], strict=True)]
    tables.append(_certified("smoothing", np.where(correct, smoothed_radii, -1.0), config))
    return {
        "lower": lower,
        "upper": bounds and bounds.logits,
        "product_of_spectral_norms": bounds and bounds.product,
        "norm": "l2",
    }, pd.concat(tables, ignore_index=True)


def _certified(certificate: str, radii: NDArray[np.float64], config: RobustnessConfig) -> pd.DataFrame:
    """Return the certified accuracy by epsilon; mistakes have a radius of at most 0."""
    rows = [
        {"certificate": certificate, "epsilon": epsilon, "correct": int(((radii > 0) & (radii >= epsilon)).sum())}
        for epsilon in sorted(config.attacks.l2_epsilons)
    ]
    return accuracy_table(rows, len(radii)).assign(median_radius=float(np.median(np.maximum(radii, 0))))


def disturb_weights(
    trained: TrainedNetwork, growth_events: pd.DataFrame, sample: Sample, config: RobustnessConfig
) -> pd.DataFrame:
    """Return accuracy and loss with noise on the weights of each layer, and of the units of each growth.

    Returns:
        One row per ``part`` ("layer" or "cohort"), ``layer``, ``born_epoch``, ``units`` and ``noise`` (standard
        deviation relative to the root mean square of the weights): ``accuracy`` and ``loss`` (nats), means over the
        ``draws``, and their standard deviations ``accuracy_deviation`` and ``loss_deviation``.
    """
    settings = config.weight_noise
    images, labels = torch.from_numpy(sample.images), sample.truth
    steps = [
        (part, noise) for part in weight_parts(trained.network, growth_events) for noise in sorted(settings.levels)
    ]
    rows = []
    for part, noise in track(steps, len(steps)):
        draws = weight_sensitivity(
            trained.network, part, images, labels, noise=noise, repeats=settings.repeats, seed=config.seed
        )
        accuracies, losses = np.array(list(draws)).T
        rows.append(
            {
                "part": part.part,
                "layer": part.layer,
                "born_epoch": part.born_epoch,
                "units": part.units,
                "noise": noise,
                "accuracy": float(accuracies.mean()),
                "accuracy_deviation": float(accuracies.std(ddof=min(1, settings.repeats - 1))),
                "loss": float(losses.mean()),
                "loss_deviation": float(losses.std(ddof=min(1, settings.repeats - 1))),
                "draws": settings.repeats,
            }
        )
    return pd.DataFrame(rows)


def collect_metrics(
    trained: TrainedNetwork,
    sample: Sample,
    attacks: pd.DataFrame,
    masking: pd.DataFrame,
    digits: pd.DataFrame,
    noise: pd.DataFrame,
    corruptions: pd.DataFrame,
    lipschitz: Mapping[str, Any],
    certified: pd.DataFrame,
) -> dict[str, Any]:
    """Return the metrics of robustness, as values that can be written as JSON.

    Accuracies are shares of the same digits, ``examples`` of them; the tables have their intervals. Keys of mappings
    are sizes of changes as text. ``mean_corruption_error`` is the mean over the corruptions of the error rate relative
    to that of the baseline network; None on other digits than those of the baseline.
    """
    clean = corruptions[corruptions["corruption"] == "none"].iloc[0]
    corrupted = corruptions[corruptions["corruption"] != "none"]
    by_corruption = {str(name): _by(rows, "severity") for name, rows in corrupted.groupby("corruption", sort=False)}
    strongest = masking[masking["attack"] == "pgd"].iloc[-1]
    transfer = masking[masking["attack"] == "transfer"].iloc[0]
    lipschitz_certified = certified[certified["certificate"] == "lipschitz"]
    return {
        "clean_accuracy": float(clean["accuracy"]),
        "clean_accuracy_low": float(clean["accuracy_low"]),
        "clean_accuracy_high": float(clean["accuracy_high"]),
        "examples": len(sample.labels),
        **{name: _by(attacks[attacks["attack"] == name], "epsilon") for name in ("fgsm", "pgd", "pgd_l2", "transfer")},
        "noise": _by(noise[noise["noise"] == "gaussian"], "strength"),
        "salt_and_pepper": _by(noise[noise["noise"] == "salt_and_pepper"], "strength"),
        "corruptions": by_corruption,
        "mean_corrupted_accuracy": float(corrupted["accuracy"].mean()),
        "mean_corruption_error": mean_corruption_error(by_corruption, trained.dataset),
        "corruption_calibration_error": {
            str(severity): float(rows["calibration_error"].mean()) for severity, rows in corrupted.groupby("severity")
        },
        "lipschitz": {name: lipschitz[name] for name in ("lower", "upper", "product_of_spectral_norms", "norm")},
        "certified_accuracy": _by(lipschitz_certified, "epsilon") if len(lipschitz_certified) else None,
        "certified_norm": "l2",
        "smoothed_certified_accuracy": _by(certified[certified["certificate"] == "smoothing"], "epsilon"),
        "smallest_change": {norm: _finite(digits[f"smallest_{norm}"].median()) for norm in ("linf", "l2")},
        "strongest_attack": {
            "epsilon": float(strongest["epsilon"]),
            "steps": int(strongest["steps"]),
            "restarts": int(strongest["restarts"]),
            "accuracy": float(strongest["accuracy"]),
            "transfer_accuracy": float(transfer["accuracy"]),
        },
        "input_gradient_median": float(digits["input_gradient"].median()),
        "parameter_gradient_median": float(digits["parameter_gradient"].median()),
        "network_sha256": trained.sha256,
        "dataset": trained.dataset,
        "fingerprint": trained.fingerprint,
    }


def _finite(value: float) -> float | None:
    """Return a number that JSON can hold; None for infinity."""
    return float(value) if np.isfinite(value) else None


def _by(table: pd.DataFrame, column: str) -> dict[str, float]:
    return {f"{value:g}": float(accuracy) for value, accuracy in zip(table[column], table["accuracy"], strict=True)}
