"""Key numbers of the evaluation."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, decimals, nats, percent
from mnist_growth.report.tables import Columns, described, key_values
from mnist_growth.report.topic import Body, Topic

_METRICS: Columns = {
    "accuracy": ("test accuracy", percent),
    "error_rate": ("test error rate", percent),
    "errors": ("mistakes", count),
    "examples": ("test digits", count),
    "top_2_accuracy": ("true digit among the top two", percent),
    "loss": ("test loss (negative log-likelihood)", nats),
    "brier_score": ("Brier score, 0 (best) to 2", decimals),
    "macro_f1": ("macro F1", percent),
    "expected_calibration_error": ("expected calibration error", percent),
}
_PARTS: Columns = {
    "part": ("digits", str),
    "examples": ("number", count),
    "errors": ("mistakes", count),
    "accuracy": ("accuracy", percent),
    "loss": ("loss (nats)", decimals),
}


def _body(results: Mapping[str, Any]) -> Body:
    parts = results["accuracy_by_part"]
    return Body(
        tables=[
            key_values("key_numbers", "Key numbers, with 95 % intervals", results["test_metrics"], _METRICS),
            described("accuracy_by_part", "The trained network on each part of the data, without warps", parts, _PARTS),
        ]
    )


TOPIC = Topic("results", "Result", ("test_metrics", "accuracy_by_part"), _body)
