"""Tracking of runs with MLflow; no other package uses it."""

from mnist_growth.tracking.fetch import fetch_network
from mnist_growth.tracking.inputs import Measured
from mnist_growth.tracking.registry import SAMPLE, Candidate, choose_champion, find_champion, running_since
from mnist_growth.tracking.results import log_result
from mnist_growth.tracking.run import Status
from mnist_growth.tracking.tracker import Tracker

__all__ = [
    "SAMPLE",
    "Candidate",
    "Measured",
    "Status",
    "Tracker",
    "choose_champion",
    "fetch_network",
    "find_champion",
    "log_result",
    "running_since",
]
