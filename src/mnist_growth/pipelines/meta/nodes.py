"""Running the methods of few-shot learning, and what they show."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures, progress, studies
from mnist_growth.pipelines.study_inputs import describe_digits
from mnist_growth.studies import MetaConfig, OutcomeStore, Recipe, Recorder, StudiesConfig, StudyData
from mnist_growth.training import Machine


def run_few_shot_learning(
    data: StudyData,
    recipe: Recipe,
    config: MetaConfig,
    common: StudiesConfig,
    machine: Machine,
    store: OutcomeStore,
    recorder: Recorder,
) -> pd.DataFrame:
    """Run the methods that the store does not have, and return a table of all; see ``few_shot_table``.

    Raises:
        ValueError: A parameter of the recipe is unknown, a value is not allowed, or there are too few classes.
        RuntimeError: No method has finished.
    """
    learners = studies.define_few_shot_learning(config, recipe.with_groups(config.recipe), data)
    study = studies.Study.shared(data, store, recorder, machine, common, learners)
    ended = list(progress.track(study.run(learners), len(learners)))
    studies.check_finished(ended)
    return studies.few_shot_table(ended, data.train.class_names)


def measure_few_shot_learning(table: pd.DataFrame, config: MetaConfig) -> pd.DataFrame:
    """Return the mean accuracies over the seeds; see ``few_shot_means``."""
    return studies.few_shot_means(table, config)


def draw_few_shot_learning(
    means: pd.DataFrame, config: MetaConfig, data: StudyData, manifest: dict[str, Any]
) -> go.Figure:
    """Return the figure of the accuracy by method and number of shots."""
    figure = figures.few_shot(means, config.methods, config.ways)
    dataset = describe_digits(data, manifest)
    tasks = f"{config.seeds} x {config.tasks} tasks of {config.ways} new classes"
    return figures.stamp(figure, f"dataset {dataset} · {tasks}")
