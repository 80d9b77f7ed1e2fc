"""Wiring of the search for the best parameters."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.study_inputs import STUDY_INPUTS
from mnist_growth.pipelines.tune.nodes import (
    choose_recipe,
    describe_tuning,
    draw_tuning,
    measure_importance,
    run_tuning,
    write_environment,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline from digits to the best parameters and the trainings that they were found with."""
    return Pipeline(
        [
            *STUDY_INPUTS,
            Node(choose_recipe, inputs=["recipe", "params:tune"], outputs="tuning_recipe", name="choose_recipe"),
            Node(
                run_tuning,
                inputs=[
                    "study_data",
                    "tuning_recipe",
                    "params:tune",
                    "params:studies",
                    "machine",
                    "finished_trainings",
                    "tracker",
                ],
                outputs=["tuning_trials", "best_parameters"],
                name="run_tuning",
            ),
            Node(write_environment, inputs="best_parameters", outputs="tuned_environment", name="write_environment"),
            Node(
                measure_importance,
                inputs=["tuning_trials", "params:tune"],
                outputs="tuning_importance",
                name="measure_importance",
            ),
            Node(
                describe_tuning,
                inputs=["tuning_trials", "study_data", "data_manifest"],
                outputs="tuning_provenance",
                name="describe_tuning",
            ),
            Node(
                draw_tuning,
                inputs=["tuning_trials", "tuning_importance", "params:tune", "tuning_provenance"],
                outputs=["tuning_history_figure", "tuning_values_figure", "tuning_importance_figure"],
                name="draw_tuning",
            ),
        ]
    )
