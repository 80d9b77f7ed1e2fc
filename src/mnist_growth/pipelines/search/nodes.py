"""Running the search for architectures, and what it shows."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures, progress, studies
from mnist_growth.pipelines.study_inputs import describe_digits
from mnist_growth.studies import OutcomeStore, Recipe, Recorder, SearchConfig, StudiesConfig, StudyData
from mnist_growth.training import Machine


def run_search(
    data: StudyData,
    recipe: Recipe,
    config: SearchConfig,
    common: StudiesConfig,
    machine: Machine,
    store: OutcomeStore,
    recorder: Recorder,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the trainings that the store does not have.

    Returns:
        The table of all networks that were measured, see ``studies.searched_table``, and its rows on the fronts.

    Raises:
        ValueError: A value is not allowed, the network is not a perceptron, the budget does not pay for one training,
            or so many workers need too much memory.
        RuntimeError: No training has finished.
    """
    searches = studies.define_searches(config, recipe.with_groups(config.recipe), data, store.folder)
    study = studies.Study.shared(data, store, recorder, machine, common, [searches.widest], searches.expected)
    ended = []
    for trial, outcome in progress.track(study.run(searches.trials()), searches.expected):
        searches.tell(trial, outcome)
        ended.append((trial, outcome))
    studies.check_finished(ended)
    networks = studies.searched_table(searches.searches)
    return networks, networks[networks["is_front"]].drop(columns="is_front").reset_index(drop=True)


def measure_search(networks: pd.DataFrame, config: SearchConfig, data: StudyData) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the hypervolume of each method, and by work."""
    volumes = studies.Volumes(config, len(data.train.class_names))
    return studies.hypervolume_table(networks, config, volumes), studies.hypervolume_by_work(networks, config, volumes)


def draw_search(
    networks: pd.DataFrame,
    by_work: pd.DataFrame,
    config: SearchConfig,
    data: StudyData,
    manifest: dict[str, Any],
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the fronts and of the hypervolume by work."""
    provenance = f"dataset {describe_digits(data, manifest)} · {config.seeds} searches of each method"
    return (
        figures.stamp(figures.search_fronts(networks, config.methods), provenance),
        figures.stamp(figures.search_hypervolume(by_work, config.methods), provenance),
    )
