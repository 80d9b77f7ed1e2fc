"""Running the series of tasks of continual learning, and what they show."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures, progress, studies
from mnist_growth.pipelines.study_inputs import describe_digits
from mnist_growth.studies import ContinualConfig, OutcomeStore, Recipe, Recorder, StudiesConfig, StudyData
from mnist_growth.training import Machine


def run_continual_learning(
    data: StudyData,
    recipe: Recipe,
    config: ContinualConfig,
    common: StudiesConfig,
    machine: Machine,
    store: OutcomeStore,
    recorder: Recorder,
) -> pd.DataFrame:
    """Run the series of tasks that the store does not have, and return a table of all; see ``tasks_table``.

    Raises:
        ValueError: A parameter of the recipe is unknown, a value is not allowed, or the tasks do not fit the digits.
        RuntimeError: No series has finished.
    """
    learners = studies.define_continual_learning(config, recipe.with_groups(config.recipe), data)
    study = studies.Study.shared(data, store, recorder, machine, common, learners)
    ended = list(progress.track(study.run(learners), len(learners)))
    studies.check_finished(ended)
    return studies.tasks_table(ended)


def measure_continual_learning(tasks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the average accuracies by number of tasks, and what each method has kept at the end."""
    return studies.average_accuracies(tasks), studies.forgetting_table(tasks)


def draw_continual_learning(
    tasks: pd.DataFrame,
    accuracies: pd.DataFrame,
    config: ContinualConfig,
    data: StudyData,
    manifest: dict[str, Any],
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the average accuracy and of the accuracy of every task over time."""
    origin = f"dataset {describe_digits(data, manifest)} · {config.seeds} repetitions"
    average = figures.continual_accuracy(accuracies, config.scenarios, config.methods)
    matrix = figures.continual_matrix(tasks, config.scenarios, config.methods)
    return figures.stamp(average, origin), figures.stamp(matrix, origin)
