"""What an export is worth: how far its outputs are from those of torch, how accurate and how large it is."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_CHANGE = 1e-5
"""Largest change of a logit by the float32 export, as a share of the largest logit.

Relative, because float32 numbers of the size of a logit (about 20) are 2e-6 apart, and a sum of 784 products in
another order moves by several of these steps.
"""


def compare_outputs(reference: NDArray[np.float32], exported: NDArray[np.float32]) -> dict[str, float]:
    """Return how far the logits of an export, float32 [N, 10], are from those of torch.

    Returns:
        ``largest_change`` of a logit, the same as ``largest_relative_change``, a share of the largest logit of the
        reference, and ``same_answers``, the share of images with the same most probable class.
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
    """Return what each form of a network achieves on labelled digits.

    Args:
        logits: Float32 [N, 10] by the name of the form; "torch" is what the others are compared with.
        labels: True classes, int64 [N].
        file_bytes: Size of the file of each form but "torch".

    Returns:
        By name of the form: ``accuracy`` and ``errors``; for all but "torch" also ``bytes`` and what
        ``compare_outputs`` gives. Plain values for JSON.
    """
    metrics: dict[str, dict[str, Any]] = {}
    for name, outputs in logits.items():
        errors = int((outputs.argmax(axis=1) != labels).sum())
        metrics[name] = {"accuracy": (len(labels) - errors) / len(labels), "errors": errors}
        if name != "torch":
            metrics[name] |= {"bytes": file_bytes[name], **compare_outputs(logits["torch"], outputs)}
    return metrics


def runtime() -> str:
    """Return name and version of what ran the exports: their last bits depend on it."""
    return f"onnxruntime {version('onnxruntime')}"
