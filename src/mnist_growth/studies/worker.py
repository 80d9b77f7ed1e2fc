"""One job in a process of its own, which reports the rows of its history and its outcome."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from mnist_growth.studies.data import StudyData
from mnist_growth.studies.job import Job, Report
from mnist_growth.studies.outcome import Outcome, reason_of
from mnist_growth.studies.store import OutcomeStore
from mnist_growth.training import Machine

_OF_COMMAND = (
    "kedro.framework.cli",
)  # imported by the script of the command, which multiprocessing runs in each worker
_METHOD = "forkserver" if sys.platform == "linux" else "spawn"


def context() -> Any:
    """Return the context of multiprocessing in which workers start.

    On Linux a server that has imported the libraries once is forked for each training, in milliseconds. It has neither
    threads nor the connections of this process.
    """
    chosen = multiprocessing.get_context(_METHOD)
    if _METHOD == "forkserver":
        chosen.set_forkserver_preload([__name__, *_OF_COMMAND])
    return chosen


def work(
    job: Job, data: StudyData, machine: Machine, store: OutcomeStore, connection: Connection, is_asked: bool
) -> None:
    """Do a job, and save and send the outcome.

    Args:
        job: The job.
        data: Digits.
        machine: Share of this job in the machine.
        store: Receives the outcome, unless the job was stopped or may end otherwise on another day.
        connection: Receives every row of the history and the ``Outcome``, or the ``OSError`` of a failed save.
        is_asked: Whether the study answers every row with whether to stop.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the study ends its workers
    logging.getLogger("mnist_growth").setLevel(logging.ERROR)  # the study reports what happens
    threading.Thread(target=_end_with_study, daemon=True, name="study-watch").start()

    def report(row: Mapping[str, Any]) -> bool:
        connection.send(row)
        return is_asked and bool(connection.recv())

    try:
        outcome = _outcome(job, data, machine, report)
        if outcome.is_final:
            store.save(job.key, outcome)
    except OSError as error:
        connection.send(error)
    else:
        connection.send(outcome)


def _outcome(job: Job, data: StudyData, machine: Machine, report: Report) -> Outcome:
    """Return the outcome of a job; an error is an outcome, too, except of writing a file."""
    try:
        return job.run(data, machine, report)
    except OSError:
        raise
    except Exception as error:
        return Outcome(state="failed", reason=reason_of(error))


def _end_with_study() -> None:
    """Wait until the study has ended, by whatever means, and end then: nobody else would end this process."""
    study: Any = multiprocessing.parent_process()
    study.join()
    os._exit(1)
