"""Wiring of the search for architectures."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.search.nodes import draw_search, measure_search, run_search
from mnist_growth.pipelines.study_inputs import STUDY_INPUTS


def create_pipeline() -> Pipeline:
    """Return the pipeline from digits to the fronts of the methods."""
    return Pipeline(
        [
            *STUDY_INPUTS,
            Node(
                run_search,
                inputs=[
                    "study_data",
                    "recipe",
                    "params:search",
                    "params:studies",
                    "machine",
                    "finished_trainings",
                    "tracker",
                ],
                outputs=["search_networks", "search_front"],
                name="run_search",
            ),
            Node(
                measure_search,
                inputs=["search_networks", "params:search", "study_data"],
                outputs=["search_hypervolume", "search_progress"],
                name="measure_search",
            ),
            Node(
                draw_search,
                inputs=["search_networks", "search_progress", "params:search", "study_data", "data_manifest"],
                outputs=["search_fronts_figure", "search_hypervolume_figure"],
                name="draw_search",
            ),
        ]
    )
