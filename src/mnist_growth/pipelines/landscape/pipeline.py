"""Wiring of the landscape."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.evaluate.pipeline import DESCRIBE, PREDICT
from mnist_growth.pipelines.landscape.drawing import (
    draw_curvature,
    draw_growths,
    draw_paths,
    draw_surface,
    draw_trajectory,
)
from mnist_growth.pipelines.landscape.inputs import choose_digits, find_other_network, find_snapshots
from mnist_growth.pipelines.landscape.nodes import (
    collect,
    measure_curvature,
    measure_growths,
    measure_paths,
    measure_surfaces,
    trace_training,
)

_PARAMETERS = "params:landscape"


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network, its training and another network to the landscape of its loss."""
    return Pipeline(
        [
            PREDICT,
            DESCRIBE,
            Node(
                choose_digits,
                inputs=["test_digits", "predictions", _PARAMETERS],
                outputs="landscape_digits",
                name="choose_digits",
            ),
            Node(
                find_snapshots, inputs=["network", "checkpoints"], outputs="landscape_snapshots", name="find_snapshots"
            ),
            Node(
                find_other_network,
                inputs=["network", "results", _PARAMETERS],
                outputs="landscape_other_network",
                name="find_other_network",
            ),
            Node(
                measure_curvature,
                inputs=["network", "growth_events", "landscape_digits", _PARAMETERS],
                outputs=["curvature_numbers", "hessian_density", "hessian_blocks"],
                name="measure_curvature",
            ),
            Node(
                measure_growths,
                inputs=["network", "landscape_snapshots", "landscape_digits", _PARAMETERS],
                outputs="growth_curvature",
                name="measure_growths",
            ),
            Node(
                trace_training,
                inputs=["network", "landscape_snapshots", "landscape_digits"],
                outputs=["trajectory", "trajectory_plane", "trajectory_numbers"],
                name="trace_training",
            ),
            Node(
                measure_surfaces,
                inputs=["network", "landscape_digits", "trajectory_plane", _PARAMETERS],
                outputs=["loss_surface", "surface_numbers"],
                name="measure_surfaces",
            ),
            Node(
                measure_paths,
                inputs=[
                    "network",
                    "landscape_other_network",
                    "landscape_digits",
                    "train_digits",
                    "split",
                    _PARAMETERS,
                ],
                outputs=["loss_paths", "paths_numbers"],
                name="measure_paths",
            ),
            Node(
                collect,
                inputs=["network", "curvature_numbers", "surface_numbers", "trajectory_numbers", "paths_numbers"],
                outputs="landscape_metrics",
                name="collect",
            ),
            Node(
                draw_curvature,
                inputs=["hessian_density", "hessian_blocks", "landscape_metrics", "provenance"],
                outputs=["hessian_spectrum_figure", "hessian_blocks_figure"],
                name="draw_curvature",
            ),
            Node(
                draw_surface,
                inputs=["loss_surface", "landscape_metrics", "provenance"],
                outputs=["loss_contours_figure", "loss_relief_figure"],
                name="draw_surface",
            ),
            Node(
                draw_trajectory,
                inputs=["loss_surface", "trajectory", "landscape_metrics", "provenance"],
                outputs=["trajectory_figure", "trajectory_relief_figure"],
                name="draw_trajectory",
            ),
            Node(
                draw_growths,
                inputs=["growth_curvature", "landscape_metrics", "landscape_digits", "provenance"],
                outputs="growth_curvature_figure",
                name="draw_growths",
            ),
            Node(
                draw_paths,
                inputs=["loss_paths", "landscape_metrics", "provenance"],
                outputs="loss_paths_figure",
                name="draw_paths",
            ),
        ]
    )
