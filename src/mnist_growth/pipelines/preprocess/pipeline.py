"""Wiring of preprocessing."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.preprocess.nodes import draw_warps, measure_pixels, split_digits


def create_pipeline() -> Pipeline:
    """Return the pipeline from training digits to their split, pixel statistics and a figure of warps."""
    return Pipeline(
        [
            Node(split_digits, inputs=["train_digits", "params:split"], outputs="split", name="split_digits"),
            Node(measure_pixels, inputs=["train_digits", "split"], outputs="pixel_statistics", name="measure_pixels"),
            Node(
                draw_warps, inputs=["train_digits", "split", "params:warps"], outputs="warps_figure", name="draw_warps"
            ),
        ]
    )
