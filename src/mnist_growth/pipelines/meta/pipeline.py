"""Wiring of few-shot learning."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.meta.nodes import draw_few_shot_learning, measure_few_shot_learning, run_few_shot_learning
from mnist_growth.pipelines.study_inputs import STUDY_INPUTS


def create_pipeline() -> Pipeline:
    """Return the pipeline from digits to the accuracy of each method on new classes."""
    return Pipeline(
        [
            *STUDY_INPUTS,
            Node(
                run_few_shot_learning,
                inputs=[
                    "study_data",
                    "recipe",
                    "params:meta",
                    "params:studies",
                    "machine",
                    "finished_trainings",
                    "tracker",
                ],
                outputs="meta_learning",
                name="run_few_shot_learning",
            ),
            Node(
                measure_few_shot_learning,
                inputs=["meta_learning", "params:meta"],
                outputs="meta_accuracy",
                name="measure_few_shot_learning",
            ),
            Node(
                draw_few_shot_learning,
                inputs=["meta_accuracy", "params:meta", "study_data", "data_manifest"],
                outputs="meta_learning_figure",
                name="draw_few_shot_learning",
            ),
        ]
    )
