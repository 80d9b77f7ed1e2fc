"""Many trainings: what happens if a parameter changes, and which parameters are best."""

from mnist_growth.studies.config import StudiesConfig
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.recorder import Recorder, TrialRecord
from mnist_growth.studies.store import OutcomeStore
from mnist_growth.studies.study import ShouldStop, Study
from mnist_growth.studies.team import share_machine
from mnist_growth.studies.trial import Recipe, Trial

__all__ = [
    "Outcome",
    "OutcomeStore",
    "Recipe",
    "Recorder",
    "ShouldStop",
    "StudiesConfig",
    "Study",
    "StudyData",
    "Trial",
    "TrialRecord",
    "share_machine",
]
