"""Wiring of the export."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.export.nodes import export_float, export_int8, measure_exports


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network and its digits to two ONNX models and their metrics."""
    return Pipeline(
        [
            Node(export_float, inputs=["network", "test_digits"], outputs="network_onnx", name="export_float"),
            Node(
                export_int8,
                inputs=["network", "train_digits", "split", "params:export"],
                outputs="network_int8",
                name="export_int8",
            ),
            Node(
                measure_exports,
                inputs=["network", "network_onnx", "network_int8", "test_digits", "params:export"],
                outputs="export_metrics",
                name="measure_exports",
            ),
        ]
    )
