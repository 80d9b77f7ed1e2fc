"""Running the trainings of a sweep, and what they show."""

import logging
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures, progress, studies
from mnist_growth.pipelines.study_inputs import describe_digits
from mnist_growth.studies import OutcomeStore, Recipe, Recorder, StudiesConfig, StudyData, SweepConfig
from mnist_growth.training import Machine

logger = logging.getLogger(__name__)


def choose_recipe(recipe: Recipe, config: SweepConfig) -> Recipe:
    """Return the parameters of the trainings where the sweep does not change them.

    Raises:
        ValueError: A parameter is unknown, or a value is not allowed.
    """
    return recipe.with_groups(config.recipe)


def run_sweep(
    data: StudyData,
    recipe: Recipe,
    config: SweepConfig,
    common: StudiesConfig,
    machine: Machine,
    store: OutcomeStore,
    recorder: Recorder,
) -> pd.DataFrame:
    """Run the trainings that the store does not have, and return a table of all; see ``trainings_table``.

    Raises:
        ValueError: A parameter is unknown, a value is not allowed, or so many workers need too much memory.
        RuntimeError: No training has finished.
    """
    trials = studies.define_sweep(config, recipe, data.train, data.split)
    study = studies.Study.shared(data, store, recorder, machine, common, trials)
    ended = list(progress.track(study.run(trials), len(trials)))
    studies.check_finished(ended)
    return studies.trainings_table(ended)


def measure_responses(
    trainings: pd.DataFrame, recipe: Recipe, config: SweepConfig
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return responses, their means, the ranges of good values, and the importance of the parameters."""
    sweep = studies.responses(trainings, config, _usual(recipe, config))
    measures = ("validation_accuracy", "seconds", "peak_rss_bytes")
    importance = studies.importances(trainings, config.names, measures)
    return sweep, studies.mean_responses(sweep), studies.good_ranges(sweep, config), importance


def describe_sweep(trainings: pd.DataFrame, data: StudyData, manifest: dict[str, Any]) -> str:
    """Return the subtitle of the figures: which set of digits, and how many trainings."""
    dataset = describe_digits(data, manifest)
    finished = trainings[trainings["state"] == "finished"]
    return f"dataset {dataset} · {len(finished)} trainings of {finished['epochs'].max()} epochs"


def draw_sweep(
    trainings: pd.DataFrame,
    means: pd.DataFrame,
    importance: pd.DataFrame,
    recipe: Recipe,
    config: SweepConfig,
    provenance: str,
) -> tuple[go.Figure, go.Figure, go.Figure, go.Figure, go.Figure]:
    """Return the figures of accuracy, time and memory, of the pairs of parameters, and of the importance."""
    pairs = studies.pair_means(trainings, config, _usual(recipe, config))
    accuracy, seconds, memory, heat_maps, shares = (
        figures.stamp(figure, provenance)
        for figure in (
            *(figures.sweep_response(means, measure) for measure in ("accuracy", "seconds", "memory")),
            figures.sweep_pairs(pairs),
            figures.importance(importance),
        )
    )
    return accuracy, seconds, memory, heat_maps, shares


def _usual(recipe: Recipe, config: SweepConfig) -> dict[str, float]:
    return {name: recipe.value(name) for name in config.names}
