"""Wiring of the report."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.lineage import SEVERAL_NETWORKS
from mnist_growth.pipelines.report.nodes import draw_png, gather, write_report
from mnist_growth.report import required_datasets


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network and its results to one page and PNG files of its figures."""
    inputs = {"trained": "network", "results": "results", **{name: name for name in required_datasets()}}
    return Pipeline(
        [
            Node(gather, inputs=inputs, outputs="network_results", name="gather", tags=SEVERAL_NETWORKS),
            Node(draw_png, inputs=["network_results", "params:report"], outputs="figures_png", name="draw_png"),
            Node(
                write_report,
                inputs=["network_results", "parameters", "run_facts"],
                outputs="report",
                name="write_report",
            ),
        ]
    )
