"""Evaluation of a network: predictions, metrics, confused classes, calibration and confidence intervals.

The functions work on arrays and tables and do not depend on training or pipelines.
"""

from mnist_growth.evaluation.calibration import expected_calibration_error, reliability_curve
from mnist_growth.evaluation.chance import accuracy_without_learning
from mnist_growth.evaluation.comparison import compare, comparison_by_class, disagreements, mcnemar_p_value
from mnist_growth.evaluation.comparison_summary import comparison_summary
from mnist_growth.evaluation.config import AnalysisConfig, EvaluationConfig
from mnist_growth.evaluation.confused_pairs import confused_digits, confused_pairs
from mnist_growth.evaluation.difficulty import digit_difficulty, hardest_digits, suspected_labels
from mnist_growth.evaluation.inspected_digits import inspected_digits
from mnist_growth.evaluation.intervals import (
    difference_interval,
    mean_interval,
    paired_difference_interval,
    wilson_interval,
)
from mnist_growth.evaluation.intervention_curve import intervention_row
from mnist_growth.evaluation.metrics import class_metrics, confusion_matrix, test_metrics
from mnist_growth.evaluation.pareto import hypervolume, pareto_front
from mnist_growth.evaluation.parts import Tally, accuracy_by_part
from mnist_growth.evaluation.predictions import (
    ambiguous_digits,
    prediction_table,
    probabilities,
    spread_sample,
    worst_mistakes,
)
from mnist_growth.evaluation.same_set import check_same_set, check_training_digits
from mnist_growth.evaluation.style_effects import style_differences, style_effects, style_measures
from mnist_growth.evaluation.summary import summary

__all__ = [
    "AnalysisConfig",
    "EvaluationConfig",
    "Tally",
    "accuracy_by_part",
    "accuracy_without_learning",
    "ambiguous_digits",
    "check_same_set",
    "check_training_digits",
    "class_metrics",
    "compare",
    "comparison_by_class",
    "comparison_summary",
    "confused_digits",
    "confused_pairs",
    "confusion_matrix",
    "difference_interval",
    "digit_difficulty",
    "disagreements",
    "expected_calibration_error",
    "hardest_digits",
    "hypervolume",
    "inspected_digits",
    "intervention_row",
    "mcnemar_p_value",
    "mean_interval",
    "paired_difference_interval",
    "pareto_front",
    "prediction_table",
    "probabilities",
    "reliability_curve",
    "spread_sample",
    "style_differences",
    "style_effects",
    "style_measures",
    "summary",
    "suspected_labels",
    "test_metrics",
    "wilson_interval",
    "worst_mistakes",
]
