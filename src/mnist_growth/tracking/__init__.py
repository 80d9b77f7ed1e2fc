"""Tracking of runs with MLflow: the only part of the project that knows it."""

from mnist_growth.tracking.fetch import fetch_network
from mnist_growth.tracking.results import log_result
from mnist_growth.tracking.tracker import Status, Tracker

__all__ = ["Status", "Tracker", "fetch_network", "log_result"]
