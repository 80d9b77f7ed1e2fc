"""Wiring of a family of networks."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.family.nodes import describe_family, draw_family, train_family
from mnist_growth.pipelines.study_inputs import STUDY_INPUTS


def create_pipeline() -> Pipeline:
    """Return the pipeline from digits to networks of several widths and their table."""
    return Pipeline(
        [
            *STUDY_INPUTS,
            Node(
                train_family,
                inputs=[
                    "study_data",
                    "recipe",
                    "params:family",
                    "params:studies",
                    "machine",
                    "finished_trainings",
                    "tracker",
                    "network_versions",
                ],
                outputs="family",
                name="train_family",
            ),
            Node(
                describe_family,
                inputs=["family", "study_data", "data_manifest"],
                outputs="family_provenance",
                name="describe_family",
            ),
            Node(draw_family, inputs=["family", "family_provenance"], outputs="family_figure", name="draw_family"),
        ]
    )
