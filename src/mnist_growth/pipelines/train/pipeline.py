"""Wiring of training, from the start and from a checkpoint."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.train.nodes import resume_training, train_network, training_setup

OUTPUTS = ["network", "training_history", "growth_events"]

SETUP = Node(
    training_setup,
    inputs=["train_digits", "split", "params:network", "params:growth", "params:training", "params:warps"],
    outputs="setup",
    name="training_setup",
)


def create_pipeline() -> Pipeline:
    """Digits, split and statistics in; a trained network and its history out."""
    inputs = [
        "train_digits",
        "split",
        "pixel_statistics",
        "setup",
        "params:device",
        "params:threads",
        "params:memory",
        "checkpoints",
        "monitor",
    ]
    return Pipeline([SETUP, Node(train_network, inputs=inputs, outputs=OUTPUTS, name="train_network")])


def create_resume_pipeline() -> Pipeline:
    """The same from the newest checkpoint."""
    inputs = [
        "train_digits",
        "split",
        "setup",
        "params:device",
        "params:threads",
        "params:memory",
        "checkpoints",
        "monitor",
    ]
    return Pipeline([SETUP, Node(resume_training, inputs=inputs, outputs=OUTPUTS, name="resume_training")])
