"""Wiring of the sweep."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.study_inputs import STUDY_INPUTS
from mnist_growth.pipelines.sweep.nodes import (
    choose_recipe,
    describe_sweep,
    draw_sweep,
    measure_responses,
    run_sweep,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline from digits to tables and figures of many trainings."""
    return Pipeline(
        [
            *STUDY_INPUTS,
            Node(choose_recipe, inputs=["recipe", "params:sweep"], outputs="sweep_recipe", name="choose_recipe"),
            Node(
                run_sweep,
                inputs=[
                    "study_data",
                    "sweep_recipe",
                    "params:sweep",
                    "params:studies",
                    "machine",
                    "finished_trainings",
                    "tracker",
                ],
                outputs="sweep_trainings",
                name="run_sweep",
            ),
            Node(
                measure_responses,
                inputs=["sweep_trainings", "sweep_recipe", "params:sweep"],
                outputs=["sweep", "sweep_response", "sweep_ranges", "sweep_importance"],
                name="measure_responses",
            ),
            Node(
                describe_sweep,
                inputs=["sweep_trainings", "study_data", "data_manifest"],
                outputs="sweep_provenance",
                name="describe_sweep",
            ),
            Node(
                draw_sweep,
                inputs=[
                    "sweep_trainings",
                    "sweep_response",
                    "sweep_importance",
                    "sweep_recipe",
                    "params:sweep",
                    "sweep_provenance",
                ],
                outputs=[
                    "sweep_accuracy_figure",
                    "sweep_seconds_figure",
                    "sweep_memory_figure",
                    "sweep_pairs_figure",
                    "sweep_importance_figure",
                ],
                name="draw_sweep",
            ),
        ]
    )
