"""Wiring of the analysis."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.analyse.drawing import (
    draw_classes,
    draw_hard_digits,
    draw_interventions,
    draw_near_duplicates,
    draw_style,
)
from mnist_growth.pipelines.analyse.nodes import (
    class_balance,
    digit_style,
    find_hardest,
    find_near_duplicates,
    find_nearest,
    intervene,
    measure_difficulty,
    measure_style_effects,
)
from mnist_growth.pipelines.evaluate.pipeline import DESCRIBE, PREDICT


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network and its digits to the tables and figures of the analysis."""
    return Pipeline(
        [
            PREDICT,
            DESCRIBE,
            Node(digit_style, inputs="test_digits", outputs="digit_style", name="digit_style"),
            Node(
                find_nearest,
                inputs=["test_digits", "train_digits"],
                outputs="nearest_training_digits",
                name="find_nearest",
            ),
            Node(
                find_near_duplicates,
                inputs=["nearest_training_digits", "params:analysis"],
                outputs="near_duplicates",
                name="find_near_duplicates",
            ),
            Node(
                measure_style_effects,
                inputs=["predictions", "digit_style", "nearest_training_digits", "params:analysis"],
                outputs=["style_effects", "style_differences"],
                name="measure_style_effects",
            ),
            Node(
                intervene,
                inputs=["network", "test_digits", "predictions"],
                outputs="style_interventions",
                name="intervene",
            ),
            Node(
                measure_difficulty,
                inputs=["network", "train_digits", "split", "test_digits", "predictions"],
                outputs="digit_difficulty",
                name="measure_difficulty",
            ),
            Node(
                find_hardest,
                inputs=["digit_difficulty", "params:analysis"],
                outputs=["hardest_digits", "suspected_labels"],
                name="find_hardest",
            ),
            Node(
                class_balance,
                inputs=["train_digits", "split", "test_digits"],
                outputs="class_balance",
                name="class_balance",
            ),
            Node(
                draw_style,
                inputs=["style_effects", "style_differences", "style_interventions", "provenance"],
                outputs=["style_effects_figure", "style_differences_figure", "style_interventions_figure"],
                name="draw_style",
            ),
            Node(
                draw_interventions,
                inputs="test_digits",
                outputs="intervention_examples_figure",
                name="draw_interventions",
            ),
            Node(
                draw_classes,
                inputs=["class_balance", "train_digits", "split"],
                outputs=["class_balance_figure", "class_images_figure"],
                name="draw_classes",
            ),
            Node(
                draw_hard_digits,
                inputs=["hardest_digits", "suspected_labels", "train_digits", "test_digits", "network"],
                outputs=["hardest_digits_figure", "suspected_labels_figure"],
                name="draw_hard_digits",
            ),
            Node(
                draw_near_duplicates,
                inputs=["near_duplicates", "train_digits", "test_digits"],
                outputs="near_duplicates_figure",
                name="draw_near_duplicates",
            ),
        ]
    )
