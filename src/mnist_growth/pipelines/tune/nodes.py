"""Running the trainings of a search, and what they show."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures, progress, studies
from mnist_growth.pipelines.study_inputs import describe_digits
from mnist_growth.studies import OutcomeStore, Recipe, Recorder, StudiesConfig, StudyData, TuneConfig, Tuning
from mnist_growth.training import Machine

_JOURNAL = "tuning.journal"


def choose_recipe(recipe: Recipe, config: TuneConfig) -> Recipe:
    """Return the parameters of the trainings that are not searched.

    Raises:
        ValueError: A parameter is unknown, or a value is not allowed.
    """
    return recipe.with_groups(config.recipe)


def run_tuning(
    data: StudyData,
    recipe: Recipe,
    config: TuneConfig,
    common: StudiesConfig,
    machine: Machine,
    store: OutcomeStore,
    recorder: Recorder,
) -> tuple[pd.DataFrame, str]:
    """Run the trainings that the study lacks.

    Returns:
        The table of all trainings of the study, see ``Tuning.table``, and the best parameters as YAML.

    Raises:
        ValueError: A parameter is unknown, a value is not allowed, the study was begun in another way, so many workers
            need too much memory, or no training meets the constraints.
        ConnectionError: The database of the study cannot be reached.
    """
    tuning = Tuning(config, recipe, data.train, data.split, store.folder / _JOURNAL)
    remaining = tuning.remaining()
    study = studies.Study.shared(data, store, recorder, machine, common, tuning.extremes(), remaining)
    should_stop = None if config.pruner == "none" else tuning.should_stop
    for trial, outcome in progress.track(study.run(tuning.trials(), should_stop), remaining):
        tuning.tell(trial, outcome)
    return tuning.table(), studies.parameters_file(tuning.best(), recipe, config)


def write_environment(best_parameters: str) -> str:
    """Return the best parameters for the environment ``tuned``."""
    return best_parameters


def measure_importance(trials: pd.DataFrame, config: TuneConfig) -> pd.DataFrame:
    """Return the importance of the parameters for the validation loss, of the finished trainings."""
    return studies.importances(trials[trials["state"] == "complete"], config.names, ("validation_loss",))


def describe_tuning(trials: pd.DataFrame, data: StudyData, manifest: dict[str, Any]) -> str:
    """Return the subtitle of the figures: which set of digits, and how many trainings."""
    dataset = describe_digits(data, manifest)
    finished = int((trials["state"] == "complete").sum())
    return f"dataset {dataset} · {len(trials)} trainings, {finished} of them finished"


def draw_tuning(
    trials: pd.DataFrame, importance: pd.DataFrame, config: TuneConfig, provenance: str
) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Return the figures of the search, of the values, and of the importance of the parameters."""
    history, values, shares = (
        figures.stamp(figure, provenance)
        for figure in (
            figures.tuning_history(trials),
            figures.tuning_values(trials, config.names),
            figures.importance(importance),
        )
    )
    return history, values, shares
