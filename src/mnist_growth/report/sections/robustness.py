"""Attacks, bounds, and noise on weights."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, percent, significant, words
from mnist_growth.report.tables import Columns, described, key_values
from mnist_growth.report.topic import Body, Topic

_ATTACKS: Columns = {
    "attack": ("attack", words),
    "norm": ("norm", str),
    "epsilon": ("epsilon", significant),
    "steps": ("steps", count),
    "restarts": ("starts", count),
    "accuracy": ("accuracy", percent),
}
_CERTIFIED: Columns = {
    "certificate": ("certificate", words),
    "epsilon": ("length of the change", significant),
    "accuracy": ("certified accuracy", percent),
    "examples": ("test digits", count),
    "median_radius": ("median certified length", significant),
}
_BOUNDS: Columns = {
    "lower": ("steepest place found (lower bound)", significant),
    "upper": ("upper bound", significant),
    "product_of_spectral_norms": ("product of the spectral norms (upper bound)", significant),
}
_HOW = (
    "The first figure shows the accuracy when each digit is changed as harmfully as an attack can within epsilon. FGSM "
    "takes one step, PGD takes many and starts several times. The lower a curve, the stronger the attack. The accuracy "
    "under the worst changes lies between the curve certified by slope and the lowest attack of the same norm. "
    "Certificates with smoothing hold for another classifier, the majority vote of the network over noisy images.",
    "Gradient masking would hide weaknesses from attacks that follow gradients. The table shows the same attack with "
    "more and more steps and starts, where the accuracy must not rise, and a black-box attack with examples that were "
    "made with another network; it must not be stronger than the attack with the gradients.",
)
_EXAMPLES_HOW = (
    "Each row of the gallery shows a digit, its smallest change by Euclidean length, and its smallest change by the "
    "largest pixel, with the new answer. The curves of the smallest changes show how many digits a change of that size "
    "is enough for; the true smallest change may be smaller still."
)
_NOISE_HOW = (
    "Noise on the weights is relative to their root mean square. Where a small amount of noise in a layer, or in the "
    "units of one growth, costs accuracy, the answers depend on the exact values there."
)


def _body(results: Mapping[str, Any]) -> Body:
    metrics = results["robustness_metrics"]
    lipschitz = key_values(
        "lipschitz",
        "Slope: largest change of the logits relative to a change of the pixels (L2)",
        metrics["lipschitz"],
        _BOUNDS,
    )
    return Body(
        [*_HOW, _EXAMPLES_HOW, _NOISE_HOW],
        [
            described("attacks", "Accuracy under attacks, with 95 % intervals", results["attack_accuracy"], _ATTACKS),
            described("masking", "Check for gradient masking", results["gradient_masking"], _ATTACKS),
            described("certified", "Certified accuracy (L2)", results["certified_accuracy"], _CERTIFIED),
            lipschitz,
        ],
    )


TOPIC = Topic(
    "robustness",
    "Robustness to attacks",
    (
        "robustness_metrics",
        "attack_accuracy",
        "gradient_masking",
        "certified_accuracy",
        "attack_accuracy_figure",
        "smallest_changes_figure",
        "adversarial_examples_figure",
        "weight_noise_figure",
    ),
    _body,
    optional=True,
)
