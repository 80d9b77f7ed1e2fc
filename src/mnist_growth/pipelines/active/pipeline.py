"""Wiring of active learning."""

from kedro.pipeline import Node, Pipeline

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
