"""Noise and corruptions of images."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, percent, significant, words
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_CORRUPTIONS: Columns = {
    "corruption": ("corruption", words),
    "severity": ("severity", count),
    "accuracy": ("accuracy", percent),
    "confidence": ("mean confidence", percent),
    "calibration_error": ("calibration error", percent),
}
_NOISE: Columns = {
    "noise": ("noise", words),
    "strength": ("strength", significant),
    "accuracy": ("accuracy", percent),
}
_HOW = (
    "The corruptions are the fifteen of MNIST-C (Mu and Gilmer, 2019) at five severities. A network that knows what it "
    "does not know becomes less confident as fast as it becomes less accurate: in the figure of the calibration, "
    "confidence and accuracy would fall together, and the calibration error would stay small."
)


def _body(results: Mapping[str, Any]) -> Body:
    corruptions, noise = results["corruption_accuracy"], results["noise_accuracy"]
    return Body(
        [_HOW],
        [
            described("noise", "Accuracy with noise, with 95 % intervals", noise, _NOISE),
            described("corruptions", "Accuracy on corrupted digits, with 95 % intervals", corruptions, _CORRUPTIONS),
        ],
    )


TOPIC = Topic(
    "corruptions",
    "Robustness to noise and corruptions",
    (
        "noise_accuracy",
        "corruption_accuracy",
        "corruption_accuracy_figure",
        "corruption_calibration_figure",
        "noise_accuracy_figure",
        "corruption_examples_figure",
    ),
    _body,
    optional=True,
)
