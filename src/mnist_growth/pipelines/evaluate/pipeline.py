"""Wiring of the evaluation."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.evaluation import class_metrics, confusion_matrix
from mnist_growth.pipelines.evaluate.nodes import (
    describe,
    draw_confusion_matrix,
    draw_digits,
    draw_history,
    measure,
    predict,
)


def create_pipeline() -> Pipeline:
    """A trained network, its history and the test digits in; predictions, metrics and figures out."""
    return Pipeline(
        [
            Node(predict, inputs=["network", "test_digits"], outputs="predictions", name="predict"),
            Node(
                measure,
                inputs=["predictions", "network", "test_digits", "data_manifest", "params:evaluation"],
                outputs="test_metrics",
                name="measure",
            ),
            Node(class_metrics, inputs="predictions", outputs="class_metrics", name="class_metrics"),
            Node(confusion_matrix, inputs="predictions", outputs="confusion_matrix", name="confusion_matrix"),
            Node(
                describe,
                inputs=["network", "test_digits", "data_manifest"],
                outputs="provenance",
                name="describe",
            ),
            Node(
                draw_confusion_matrix,
                inputs=["confusion_matrix", "provenance"],
                outputs="confusion_matrix_figure",
                name="draw_confusion_matrix",
            ),
            Node(
                draw_history,
                inputs=["training_history", "network", "provenance"],
                outputs=["learning_curves_figure", "growth_figure", "memory_figure"],
                name="draw_history",
            ),
            Node(
                draw_digits,
                inputs=["test_digits", "predictions", "params:evaluation", "provenance"],
                outputs=["sample_predictions_figure", "worst_mistakes_figure"],
                name="draw_digits",
            ),
        ]
    )
