"""Running the rounds of active learning, and what they show."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures, progress, studies
from mnist_growth.pipelines.study_inputs import describe_digits
from mnist_growth.studies import ActiveConfig, OutcomeStore, Recipe, Recorder, StudiesConfig, StudyData
from mnist_growth.training import Machine


def run_active_learning(
    data: StudyData,
    recipe: Recipe,
    config: ActiveConfig,
    common: StudiesConfig,
    machine: Machine,
    store: OutcomeStore,
    recorder: Recorder,
) -> pd.DataFrame:
    """Run the series of rounds that the store does not have, and return a table of all; see ``rounds_table``.

    Raises:
        ValueError: A parameter of the recipe is unknown, a value is not allowed, or there are too few images.
        RuntimeError: No series has finished.
    """
    chosen = recipe.with_groups(config.recipe)
    learners = studies.define_active_learning(config, chosen, data)
    study = studies.Study.shared(data, store, recorder, machine, common, learners)
    ended = list(progress.track(study.run(learners), len(learners)))
    studies.check_finished(ended)
    return studies.rounds_table(ended)


def measure_active_learning(rounds: pd.DataFrame, config: ActiveConfig) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the mean accuracies by number of labels, and the labels that the goal needs."""
    return studies.mean_accuracies(rounds), studies.labels_needed(rounds, config)


def draw_active_learning(
    accuracies: pd.DataFrame, config: ActiveConfig, data: StudyData, manifest: dict[str, Any]
) -> go.Figure:
    """Return the figure of the accuracy by number of labels."""
    dataset = describe_digits(data, manifest)
    figure = figures.active_learning(accuracies, config.strategies, config.goal)
    return figures.stamp(figure, f"dataset {dataset} · {config.seeds} repetitions")
