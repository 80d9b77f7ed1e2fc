"""What a network is worth: predictions, metrics, confusions, calibration, and how sure the numbers are.

Works on arrays and tables; knows neither how a network is trained nor who asks.
"""

from mnist_growth.evaluation.calibration import expected_calibration_error, reliability_curve
from mnist_growth.evaluation.comparison import compare, comparison_by_class, disagreements, mcnemar_p_value
from mnist_growth.evaluation.comparison_summary import comparison_summary
from mnist_growth.evaluation.config import EvaluationConfig
from mnist_growth.evaluation.confused_pairs import confused_digits, confused_pairs
from mnist_growth.evaluation.intervals import difference_interval, paired_difference_interval, wilson_interval
from mnist_growth.evaluation.metrics import class_metrics, confusion_matrix, test_metrics
from mnist_growth.evaluation.parts import Tally, accuracy_by_part
from mnist_growth.evaluation.predictions import (
    ambiguous_digits,
    prediction_table,
    probabilities,
    spread_sample,
    worst_mistakes,
)
from mnist_growth.evaluation.same_set import check_same_network, check_same_set
from mnist_growth.evaluation.summary import summary
from mnist_growth.evaluation.units import unit_cohorts

__all__ = [
    "EvaluationConfig",
    "Tally",
    "accuracy_by_part",
    "ambiguous_digits",
    "check_same_network",
    "check_same_set",
    "class_metrics",
    "compare",
    "comparison_by_class",
    "comparison_summary",
    "confused_digits",
    "confused_pairs",
    "confusion_matrix",
    "difference_interval",
    "disagreements",
    "expected_calibration_error",
    "mcnemar_p_value",
    "paired_difference_interval",
    "prediction_table",
    "probabilities",
    "reliability_curve",
    "spread_sample",
    "summary",
    "test_metrics",
    "unit_cohorts",
    "wilson_interval",
    "worst_mistakes",
]
