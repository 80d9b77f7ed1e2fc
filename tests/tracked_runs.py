"""Tracked runs of tests, and what MLflow has of them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mnist_growth.tracking import Tracker

PARAMETERS = {"dataset": "sample", "training": {"learning_rate": 0.002, "batch_size": 128}}
TAGS = {"pipeline": "train"}


def start(project: Path, **changes: Any) -> Tracker:
    """Begin a run and check that it is tracked."""
    arguments = {"name": "training", "parameters": PARAMETERS, "tags": TAGS} | changes
    tracker = Tracker.start(project, **arguments)
    assert tracker.active
    return tracker


def client_of(tracker: Tracker):
    """A client of the store that a run is in."""
    from mlflow import MlflowClient

    return MlflowClient(tracker.uri)


def artifact(tracker: Tracker, path: str) -> Path:
    """The file of an artifact of a run."""
    return Path(client_of(tracker).download_artifacts(tracker.run_id, path))


def in_new_process(code: str, *arguments: str, **environment: str) -> subprocess.Popen:
    """Run Python code in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
