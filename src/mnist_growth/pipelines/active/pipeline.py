"""Wiring of active learning."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.active.label_nodes import choose_images_to_label, describe_images_to_label
from mnist_growth.pipelines.active.nodes import draw_active_learning, measure_active_learning, run_active_learning
from mnist_growth.pipelines.study_inputs import STUDY_INPUTS


def create_pipeline() -> Pipeline:
    """Return the pipeline from digits to the learning curves of the strategies."""
    return Pipeline(
        [
            *STUDY_INPUTS,
            Node(
                run_active_learning,
                inputs=[
                    "study_data",
                    "recipe",
                    "params:active",
                    "params:studies",
                    "machine",
                    "finished_trainings",
                    "tracker",
                ],
                outputs="active_learning",
                name="run_active_learning",
            ),
            Node(
                measure_active_learning,
                inputs=["active_learning", "params:active"],
                outputs=["active_accuracy", "active_labels"],
                name="measure_active_learning",
            ),
            Node(
                draw_active_learning,
                inputs=["active_accuracy", "params:active", "study_data", "data_manifest"],
                outputs="active_learning_figure",
                name="draw_active_learning",
            ),
        ]
    )


def create_label_pipeline() -> Pipeline:
    """Return the pipeline from a network and images without labels to those that are most worth one."""
    return Pipeline(
        [
            Node(
                choose_images_to_label,
                inputs=["network", "params:active", "params:predict"],
                outputs="images_to_label",
                name="choose_images_to_label",
            ),
            Node(
                describe_images_to_label,
                inputs=["images_to_label", "params:active"],
                outputs=None,
                name="describe_images_to_label",
            ),
        ]
    )
