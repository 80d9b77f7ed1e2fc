"""Metrics of an export: deviation of its outputs from those of torch, accuracy and size."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_RELATIVE_CHANGE = 1e-5
"""Largest allowed change of a logit by the float32 export, as a share of the largest logit.

It is relative because adjacent float32 numbers near a typical logit (about 20) differ by 2e-6, and another order of the
784 summands of a matrix product changes the result by several of these steps.
"""


def compare_outputs(reference: NDArray[np.float32], exported: NDArray[np.float32]) -> dict[str, float]:
    """Return how much the logits of an export differ from those of torch.

    Args:
        reference: Logits of torch, float32 [N, 10].
        exported: Logits of the export, float32 [N, 10].

    Returns:
        `largest_change` of a logit; `largest_relative_change`, the same as a share of the largest logit of the
        reference; and `same_answers`, the share of images with the same most probable class.
    """
    change = float(np.abs(exported - reference).max())
    return {
        "largest_change": change,
        "largest_relative_change": change / float(np.abs(reference).max()),
        "same_answers": float((exported.argmax(axis=1) == reference.argmax(axis=1)).mean()),
    }


def export_metrics(
    logits: Mapping[str, NDArray[np.float32]], labels: NDArray[np.int64], file_bytes: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """Return the metrics of each format of a network on labelled digits.

    Args:
        logits: Logits, float32 [N, 10], by format; the others are compared with "torch".
        labels: True classes, int64 [N].
        file_bytes: Size of the file of each format except "torch".

    Returns:
        `accuracy` and `errors` by format; for all except "torch" also `bytes` and the values of `compare_outputs`. All
        values can be written to JSON.
    """
    metrics: dict[str, dict[str, Any]] = {}
    for name, outputs in logits.items():
        errors = int((outputs.argmax(axis=1) != labels).sum())
        metrics[name] = {"accuracy": (len(labels) - errors) / len(labels), "errors": errors}
        if name != "torch":
            metrics[name] |= {"bytes": file_bytes[name], **compare_outputs(logits["torch"], outputs)}
    return metrics


def runtime() -> str:
    """Return name and version of the runtime: the last bits of the outputs depend on it."""
    return f"onnxruntime {version('onnxruntime')}"
