"""Tracking of runs with MLflow; no other package uses it."""

from mnist_growth.tracking.fetch import fetch_network
from mnist_growth.tracking.results import log_result
from mnist_growth.tracking.run import Status
from mnist_growth.tracking.tracker import Tracker

__all__ = ["Status", "Tracker", "fetch_network", "log_result"]
