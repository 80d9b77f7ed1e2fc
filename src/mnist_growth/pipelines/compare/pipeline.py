"""Wiring of the comparison."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.evaluation import disagreements
from mnist_growth.lineage import SEVERAL_NETWORKS
from mnist_growth.pipelines.compare.nodes import (
    compare_classes,
    draw_comparison,
    measure_difference,
    predict_baseline,
    predict_network,
    write_page,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline from two networks and test digits to their differences, figures and one page."""
    both = ["compared_predictions", "baseline_predictions"]
    shown = ["comparison", "comparison_by_class", "comparison_figure", "disagreements_figure"]
    return Pipeline(
        [
            Node(
                predict_network,
                inputs=["network", "test_digits"],
                outputs="compared_predictions",
                name="predict_network",
            ),
            Node(
                predict_baseline,
                inputs=["baseline_network", "test_digits"],
                outputs="baseline_predictions",
                name="predict_baseline",
            ),
            Node(
                measure_difference,
                inputs=[*both, "network", "baseline_network", "test_digits"],
                outputs="comparison",
                name="measure_difference",
                tags=SEVERAL_NETWORKS,
            ),
            Node(
                compare_classes,
                inputs=[*both, "test_digits"],
                outputs="comparison_by_class",
                name="comparison_by_class",
                tags=SEVERAL_NETWORKS,
            ),
            Node(disagreements, inputs=both, outputs="disagreements", name="disagreements", tags=SEVERAL_NETWORKS),
            Node(
                draw_comparison,
                inputs=["comparison_by_class", "disagreements", "test_digits", "comparison", "params:evaluation"],
                outputs=["comparison_figure", "disagreements_figure"],
                name="draw_comparison",
            ),
            Node(
                write_page,
                inputs={
                    "trained": "network",
                    "parameters": "parameters",
                    "run_facts": "run_facts",
                    **{name: name for name in shown},
                },
                outputs="comparison_page",
                name="write_page",
            ),
        ]
    )
