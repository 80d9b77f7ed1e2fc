"""What a network is worth: predictions, metrics, confusions, calibration.

Works on arrays and tables; knows neither how a network is trained nor who asks.
"""

from mnist_growth.evaluation.calibration import expected_calibration_error
from mnist_growth.evaluation.config import EvaluationConfig
from mnist_growth.evaluation.metrics import class_metrics, confusion_matrix, test_metrics
from mnist_growth.evaluation.predictions import (
    prediction_table,
    probabilities,
    spread_sample,
    worst_mistakes,
)
from mnist_growth.evaluation.same_set import check_same_set
from mnist_growth.evaluation.summary import summary

__all__ = [
    "EvaluationConfig",
    "check_same_set",
    "class_metrics",
    "confusion_matrix",
    "expected_calibration_error",
    "prediction_table",
    "probabilities",
    "spread_sample",
    "summary",
    "test_metrics",
    "worst_mistakes",
]
