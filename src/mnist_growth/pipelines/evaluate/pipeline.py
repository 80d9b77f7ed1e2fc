"""Wiring of the evaluation."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.evaluation import confusion_matrix
from mnist_growth.pipelines.evaluate.nodes import (
    describe,
    draw_confused_pairs,
    draw_confusion_matrix,
    draw_digits,
    draw_reliability,
    draw_units,
    find_ambiguous,
    find_confident_mistakes,
    find_confused_pairs,
    measure,
    measure_calibration,
    measure_classes,
    measure_parts,
    measure_units,
    predict,
)

DESCRIBE = Node(describe, inputs=["network", "test_digits", "data_manifest"], outputs="provenance", name="describe")
"""Node of every pipeline whose figures have a subtitle."""

PREDICT = Node(predict, inputs=["network", "test_digits"], outputs="predictions", name="predict")
"""Node of every pipeline that needs the predictions."""


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network, its growth events and digits to predictions, metrics and figures."""
    return Pipeline(
        [
            PREDICT,
            Node(
                measure,
                inputs=["predictions", "network", "test_digits", "data_manifest", "params:evaluation"],
                outputs="test_metrics",
                name="measure",
            ),
            Node(measure_classes, inputs=["predictions", "network"], outputs="class_metrics", name="class_metrics"),
            Node(confusion_matrix, inputs="predictions", outputs="confusion_matrix", name="confusion_matrix"),
            Node(
                find_confused_pairs, inputs=["predictions", "network"], outputs="confused_pairs", name="confused_pairs"
            ),
            Node(
                measure_parts,
                inputs=["network", "train_digits", "split", "predictions"],
                outputs="accuracy_by_part",
                name="measure_parts",
            ),
            Node(
                measure_calibration,
                inputs=["predictions", "params:evaluation"],
                outputs="reliability_curve",
                name="measure_calibration",
            ),
            Node(
                find_confident_mistakes,
                inputs=["predictions", "params:evaluation"],
                outputs="confident_mistakes",
                name="find_confident_mistakes",
            ),
            Node(
                find_ambiguous,
                inputs=["predictions", "params:evaluation"],
                outputs="ambiguous_digits",
                name="find_ambiguous",
            ),
            DESCRIBE,
            Node(
                draw_confusion_matrix,
                inputs=["confusion_matrix", "network", "provenance"],
                outputs="confusion_matrix_figure",
                name="draw_confusion_matrix",
            ),
            Node(
                draw_reliability,
                inputs=["reliability_curve", "provenance"],
                outputs="reliability_figure",
                name="draw_reliability",
            ),
            Node(
                draw_confused_pairs,
                inputs=["test_digits", "predictions", "confused_pairs", "params:evaluation", "provenance"],
                outputs=["confused_pairs_figure", "confused_digits_figure"],
                name="draw_confused_pairs",
            ),
            Node(
                measure_units,
                inputs=["network", "growth_events", "test_digits", "predictions", "params:evaluation"],
                outputs="unit_cohorts",
                name="measure_units",
            ),
            Node(draw_units, inputs=["unit_cohorts", "provenance"], outputs="unit_cohorts_figure", name="draw_units"),
            Node(
                draw_digits,
                inputs=[
                    "test_digits",
                    "predictions",
                    "confident_mistakes",
                    "ambiguous_digits",
                    "params:evaluation",
                    "provenance",
                ],
                outputs=["sample_predictions_figure", "worst_mistakes_figure", "ambiguous_digits_figure"],
                name="draw_digits",
            ),
        ]
    )
