"""The wiring of the ingest pipeline."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.ingest.nodes import ingest


def create_pipeline() -> Pipeline:
    """Return the pipeline that turns `digit_archive` into digits and their manifest."""
    return Pipeline(
        [
            Node(
                ingest,
                inputs="digit_archive",
                outputs=["train_digits", "test_digits", "data_manifest"],
                name="ingest",
            )
        ]
    )
