"""Many trainings: what happens if a parameter changes, and which parameters are best."""

from mnist_growth.studies.acquisition import most_useful, scores
from mnist_growth.studies.active import ActiveLearner, define_active_learning
from mnist_growth.studies.active_config import ActiveConfig
from mnist_growth.studies.active_results import labels_needed, mean_accuracies, rounds_table
from mnist_growth.studies.config import StudiesConfig
from mnist_growth.studies.continual import ContinualLearner, define_continual_learning
from mnist_growth.studies.continual_config import ContinualConfig
from mnist_growth.studies.continual_results import average_accuracies, forgetting_table, tasks_table
from mnist_growth.studies.cool_down import load_member
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.family import define_members, define_trunk, family_table
from mnist_growth.studies.family_config import FamilyConfig
from mnist_growth.studies.importance import importances
from mnist_growth.studies.meta import FewShotLearner, define_few_shot_learning
from mnist_growth.studies.meta_config import MetaConfig
from mnist_growth.studies.meta_results import few_shot_means, few_shot_table
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.outputs import outputs
from mnist_growth.studies.parameters_file import parameters_file
from mnist_growth.studies.recorder import Recorder, TrialRecord
from mnist_growth.studies.search import Searches, define_searches
from mnist_growth.studies.search_config import SearchConfig
from mnist_growth.studies.search_results import Volumes, hypervolume_by_work, hypervolume_table, searched_table
from mnist_growth.studies.store import OutcomeStore
from mnist_growth.studies.study import ShouldStop, Study, check_finished
from mnist_growth.studies.sweep import (
    combinations,
    define_sweep,
    good_ranges,
    mean_responses,
    pair_means,
    responses,
    trainings_table,
)
from mnist_growth.studies.sweep_config import SweepConfig, SweptParameter
from mnist_growth.studies.team import share_machine
from mnist_growth.studies.trial import Recipe, Trial
from mnist_growth.studies.tuning import Tuning
from mnist_growth.studies.tuning_config import SearchedParameter, TuneConfig

__all__ = [
    "ActiveConfig",
    "ActiveLearner",
    "ContinualConfig",
    "ContinualLearner",
    "FamilyConfig",
    "FewShotLearner",
    "MetaConfig",
    "Outcome",
    "OutcomeStore",
    "Recipe",
    "Recorder",
    "SearchConfig",
    "SearchedParameter",
    "Searches",
    "ShouldStop",
    "StudiesConfig",
    "Study",
    "StudyData",
    "SweepConfig",
    "SweptParameter",
    "Trial",
    "TrialRecord",
    "TuneConfig",
    "Tuning",
    "Volumes",
    "average_accuracies",
    "check_finished",
    "combinations",
    "define_active_learning",
    "define_continual_learning",
    "define_few_shot_learning",
    "define_members",
    "define_searches",
    "define_sweep",
    "define_trunk",
    "family_table",
    "few_shot_means",
    "few_shot_table",
    "forgetting_table",
    "good_ranges",
    "hypervolume_by_work",
    "hypervolume_table",
    "importances",
    "labels_needed",
    "load_member",
    "mean_accuracies",
    "mean_responses",
    "most_useful",
    "outputs",
    "pair_means",
    "parameters_file",
    "responses",
    "rounds_table",
    "scores",
    "searched_table",
    "share_machine",
    "tasks_table",
    "trainings_table",
]
