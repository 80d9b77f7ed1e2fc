"""Wiring of compression."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.compress.nodes import (
    choose_network,
    growth_of,
    make_candidates,
    measure_candidates,
)


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
        ]
    )
