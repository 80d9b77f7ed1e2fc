"""Wiring of compression."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.lineage import SEVERAL_NETWORKS
from mnist_growth.pipelines.compress.nodes import (
    choose_network,
    collect_metrics,
    draw_compression,
    growth_of,
    make_candidates,
    measure_candidates,
)
from mnist_growth.pipelines.drift.nodes import measure_reference
from mnist_growth.pipelines.evaluate.pipeline import DESCRIBE
from mnist_growth.pipelines.novelty.nodes import fit_novelty_detector


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network and its digits to a table of candidates and the chosen network."""
    return Pipeline(
        [
            Node(
                make_candidates,
                inputs=[
                    "network",
                    "train_digits",
                    "split",
                    "params:compress",
                    "params:network",
                    "params:growth",
                    "params:training",
                    "params:warps",
                    "params:device",
                    "params:threads",
                    "params:memory",
                    "finished_candidates",
                ],
                outputs="candidates",
                name="make_candidates",
            ),
            Node(
                measure_candidates,
                inputs=["network", "candidates", "train_digits", "split", "test_digits", "params:compress"],
                outputs="compression",
                name="measure_candidates",
            ),
            Node(
                choose_network,
                inputs=["compression", "candidates", "params:compress"],
                outputs="compressed_network",
                name="choose_network",
            ),
            Node(growth_of, inputs="compressed_network", outputs="compressed_growth_events", name="growth_of"),
            Node(
                measure_reference,
                inputs=["compressed_network", "train_digits", "split", "params:drift"],
                outputs="compressed_drift_reference",
                name="measure_reference",
            ),
            Node(
                fit_novelty_detector,
                inputs=["compressed_network", "train_digits", "split", "params:novelty"],
                outputs="compressed_novelty_detector",
                name="fit_novelty_detector",
            ),
            Node(
                collect_metrics,
                inputs=["compression", "compressed_network", "params:compress"],
                outputs="compression_metrics",
                name="collect_metrics",
                tags=SEVERAL_NETWORKS,
            ),
            DESCRIBE,
            Node(
                draw_compression,
                inputs=["compression", "provenance"],
                outputs=["compression_size_figure", "compression_latency_figure", "compression_operations_figure"],
                name="draw_compression",
            ),
        ]
    )
