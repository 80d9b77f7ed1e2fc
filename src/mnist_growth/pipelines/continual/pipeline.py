"""Wiring of continual learning."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.continual.nodes import (
    draw_continual_learning,
    measure_continual_learning,
    run_continual_learning,
)
from mnist_growth.pipelines.study_inputs import STUDY_INPUTS


def create_pipeline() -> Pipeline:
    """Return the pipeline from digits to what each method has kept of the tasks."""
    return Pipeline(
        [
            *STUDY_INPUTS,
            Node(
                run_continual_learning,
                inputs=[
                    "study_data",
                    "recipe",
                    "params:continual",
                    "params:studies",
                    "machine",
                    "finished_trainings",
                    "tracker",
                ],
                outputs="continual_learning",
                name="run_continual_learning",
            ),
            Node(
                measure_continual_learning,
                inputs="continual_learning",
                outputs=["continual_accuracy", "continual_forgetting"],
                name="measure_continual_learning",
            ),
            Node(
                draw_continual_learning,
                inputs=[
                    "continual_learning",
                    "continual_accuracy",
                    "params:continual",
                    "study_data",
                    "data_manifest",
                ],
                outputs=["continual_accuracy_figure", "continual_matrix_figure"],
                name="draw_continual_learning",
            ),
        ]
    )
