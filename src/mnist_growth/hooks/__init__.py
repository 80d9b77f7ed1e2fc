"""Hooks of a Kedro run: parameter checks, versions, lineage and tracking."""

from mnist_growth.hooks.checks import ParameterHooks
from mnist_growth.hooks.closing import ClosingHooks
from mnist_growth.hooks.contents import ContentHooks
from mnist_growth.hooks.facts import FactsHooks
from mnist_growth.hooks.inputs import InputHooks
from mnist_growth.hooks.lineage import LineageHooks
from mnist_growth.hooks.log import LogHooks
from mnist_growth.hooks.memory import MemoryHooks
from mnist_growth.hooks.missing import MissingOutputsHooks
from mnist_growth.hooks.nothing_to_do import NothingToDo
from mnist_growth.hooks.progress import ProgressHooks
from mnist_growth.hooks.record import TrackingHooks, git_commit
from mnist_growth.hooks.result import ResultHooks
from mnist_growth.hooks.resume import ResumeHooks
from mnist_growth.hooks.status import StatusHooks
from mnist_growth.hooks.versions import VersionHooks

__all__ = [
    "ClosingHooks",
    "ContentHooks",
    "FactsHooks",
    "InputHooks",
    "LineageHooks",
    "LogHooks",
    "MemoryHooks",
    "MissingOutputsHooks",
    "NothingToDo",
    "ParameterHooks",
    "ProgressHooks",
    "ResultHooks",
    "ResumeHooks",
    "StatusHooks",
    "TrackingHooks",
    "VersionHooks",
    "git_commit",
]
