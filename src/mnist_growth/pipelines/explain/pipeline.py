"""Wiring of the explanation."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.evaluate.pipeline import DESCRIBE, PREDICT
from mnist_growth.pipelines.explain.attributions import measure_attributions
from mnist_growth.pipelines.explain.drawing import draw_attribution_quality, draw_attributions
from mnist_growth.pipelines.explain.inputs import average_digit, choose_digits


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network and its digits to explanations of its answers."""
    return Pipeline(
        [
            PREDICT,
            DESCRIBE,
            Node(
                choose_digits,
                inputs=["predictions", "params:explanation"],
                outputs="explained_digits",
                name="choose_digits",
            ),
            Node(average_digit, inputs=["train_digits", "network"], outputs="average_digit", name="average_digit"),
            Node(
                measure_attributions,
                inputs=["network", "test_digits", "average_digit", "explained_digits", "params:explanation"],
                outputs=[
                    "explanation_metrics",
                    "attribution_quality",
                    "attribution_curves",
                    "attribution_randomisation",
                ],
                name="measure_attributions",
            ),
            Node(
                draw_attributions,
                inputs=[
                    "network",
                    "test_digits",
                    "average_digit",
                    "explained_digits",
                    "params:explanation",
                    "provenance",
                ],
                outputs=["attributions_figure", "activation_maps_figure"],
                name="draw_attributions",
            ),
            Node(
                draw_attribution_quality,
                inputs=["attribution_curves", "attribution_randomisation", "explanation_metrics", "provenance"],
                outputs=["attribution_curves_figure", "attribution_randomisation_figure"],
                name="draw_attribution_quality",
            ),
        ]
    )
