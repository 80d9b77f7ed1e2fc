import json

import numpy as np
import pytest

from mnist_growth.export import compare_outputs, export_metrics


def test_changes_are_measured_against_the_largest_logit():
    reference = np.array([[1.0, -4.0], [2.0, 1.0]], np.float32)
    exported = np.array([[1.0, -4.0], [2.0, 2.5]], np.float32)

    assert compare_outputs(reference, exported) == {
        "largest_change": 1.5,
        "largest_relative_change": 0.375,
        "same_answers": 0.5,
    }


def test_errors_sizes_and_changes_are_reported_by_form():
    logits = np.eye(10, dtype=np.float32)
    worse = np.roll(logits, 1, axis=0)
    worse[:9] = logits[:9]

    metrics = export_metrics({"torch": logits, "int8": worse}, np.arange(10), {"int8": 123})

    assert metrics["torch"] == {"accuracy": 1.0, "errors": 0}
    assert (metrics["int8"]["accuracy"], metrics["int8"]["errors"], metrics["int8"]["bytes"]) == (0.9, 1, 123)
    assert metrics["int8"]["same_answers"] == pytest.approx(0.9)
    assert json.loads(json.dumps(metrics)) == metrics
