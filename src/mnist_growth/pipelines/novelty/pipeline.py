"""Pipeline of the novelty detector."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.novelty.nodes import fit_novelty_detector


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network and its training digits to its novelty detector."""
    inputs = ["network", "train_digits", "split", "params:novelty"]
    return Pipeline(
        [Node(fit_novelty_detector, inputs=inputs, outputs="novelty_detector", name="fit_novelty_detector")]
    )
