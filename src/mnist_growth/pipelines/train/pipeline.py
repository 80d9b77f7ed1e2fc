"""Wiring of training, from the start and from a checkpoint."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.train.nodes import resume_training, train_network
from mnist_growth.pipelines.train.results import (
    describe_training,
    draw_complexity,
    draw_history,
    measure_layers,
    measure_memory,
)
from mnist_growth.training import define_training, training_summary

OUTPUTS = ["network", "training_history", "growth_events"]

SETUP = Node(
    define_training,
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
        "params:distribution",
        "params:checkpoints",
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
        "params:distribution",
        "params:resume",
        "params:checkpoints",
        "checkpoints",
        "monitor",
    ]
    return Pipeline([SETUP, Node(resume_training, inputs=inputs, outputs=OUTPUTS, name="resume_training")])


def create_results_pipeline() -> Pipeline:
    """Return the pipeline from a network and its history to the cost and the figures of its training."""
    return Pipeline(
        [
            Node(
                describe_training,
                inputs=["network", "data_manifest"],
                outputs="training_provenance",
                name="describe_training",
            ),
            Node(training_summary, inputs="training_history", outputs="training_summary", name="training_summary"),
            Node(measure_layers, inputs="network", outputs="layer_costs", name="measure_layers"),
            Node(measure_memory, inputs=["network", "training_history"], outputs="memory_parts", name="measure_memory"),
            Node(
                draw_complexity,
                inputs=["layer_costs", "memory_parts", "training_provenance"],
                outputs="complexity_figure",
                name="draw_complexity",
            ),
            Node(
                draw_history,
                inputs=["network", "training_history", "training_provenance"],
                outputs=["learning_curves_figure", "growth_figure", "cost_figure", "memory_figure"],
                name="draw_history",
            ),
        ]
    )
