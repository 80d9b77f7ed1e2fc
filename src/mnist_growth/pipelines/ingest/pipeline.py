"""Wiring of the ingest."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.ingest.nodes import ingest


def create_pipeline() -> Pipeline:
    """Return the pipeline from `digit_archive` to digits and their manifest."""
    return Pipeline(
        [
            Node(
                ingest,
                inputs=["digit_archive", "params:archive"],
                outputs=["train_digits", "test_digits", "data_manifest"],
                name="ingest",
            )
        ]
    )
