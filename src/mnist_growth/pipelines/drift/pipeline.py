"""Pipelines of the drift reference and of the report of drift."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.drift.nodes import draw_distributions, draw_windows, measure_reference, write_page


def create_reference_pipeline() -> Pipeline:
    """Return the pipeline from a network and its training digits to the drift reference."""
    inputs = ["network", "train_digits", "split", "params:drift"]
    return Pipeline([Node(measure_reference, inputs=inputs, outputs="drift_reference", name="measure_reference")])


def create_pipeline() -> Pipeline:
    """Return the pipeline from predictions, drift reference and drift report to the figures and one page."""
    return Pipeline(
        [
            Node(
                draw_distributions,
                inputs=["batch_predictions", "drift_reference", "batch_provenance"],
                outputs="drift_distributions_figure",
                name="draw_distributions",
            ),
            Node(
                draw_windows,
                inputs=["drift_report", "batch_provenance"],
                outputs="drift_windows_figure",
                name="draw_windows",
            ),
            Node(
                write_page,
                inputs=[
                    "network",
                    "batch_predictions",
                    "drift_report",
                    "drift_distributions_figure",
                    "drift_windows_figure",
                    "batch_provenance",
                    "parameters",
                    "run_facts",
                ],
                outputs="drift_page",
                name="write_page",
            ),
        ]
    )
