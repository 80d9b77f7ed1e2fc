"""One training in a process of its own, which reports its epochs and its outcome."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from mnist_growth.digits import Digits
from mnist_growth.machine import is_out_of_memory, peak_rss_bytes
from mnist_growth.network import Network, predict_logits
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.store import OutcomeStore
from mnist_growth.studies.trial import Trial
from mnist_growth.training import EpochRecord, Machine, Monitors, TrainingState

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
    trial: Trial, data: StudyData, machine: Machine, store: OutcomeStore, connection: Connection, is_asked: bool
) -> None:
    """Train, and save and send the outcome.

    Args:
        trial: The training.
        data: Digits.
        machine: Share of this training in the machine.
        store: Receives the outcome, unless the training was stopped or may end otherwise on another day.
        connection: Receives every ``EpochRecord`` and the ``Outcome``, or the ``OSError`` of a failed save.
        is_asked: Whether the study answers every epoch with whether to stop.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the study ends its workers
    logging.getLogger("mnist_growth").setLevel(logging.ERROR)  # the study reports what happens
    threading.Thread(target=_end_with_study, daemon=True, name="study-watch").start()
    try:
        outcome = train(trial, data, machine, _Reporter(connection, is_asked))
        if outcome.is_final:
            store.save(trial.key, outcome)
    except OSError as error:
        connection.send(error)
    else:
        connection.send(outcome)


def train(trial: Trial, data: StudyData, machine: Machine, reporter: "_Reporter") -> Outcome:
    """Return the outcome of a training; an error is an outcome, too.

    Raises:
        OSError: A file cannot be written, which no other training could do either.
    """
    began = time.monotonic()
    state: TrainingState | None = None
    accuracy, error = None, None
    try:
        training = trial.assemble(data, machine)
        state = training.state
        training.run(trial.checkpoints, reporter)
        if not reporter.is_stopped:
            accuracy = _test_accuracy(training.trained().network, data.test)
            trial.keep(training)
    except OSError:
        raise
    except Exception as raised:
        error = raised
    return Outcome(
        state="failed" if error else "pruned" if reporter.is_stopped else "finished",
        reason=_reason(error) if error else "",
        is_final=not reporter.is_stopped and (error is None or isinstance(error, FloatingPointError)),
        history=[asdict(record) for record in state.records] if state else [],
        test_accuracy=accuracy,
        forward_multiply_adds=state.network.spec.forward_multiply_adds if state else 0,
        seconds=time.monotonic() - began,
        peak_rss_bytes=peak_rss_bytes(),
    )


def _reason(error: Exception) -> str:
    if is_out_of_memory(error):
        return "not enough memory"
    return " ".join(str(error).split()) or type(error).__name__


class _Reporter(Monitors):
    """Sends every epoch to the study, and stops the training if the study says so."""

    def __init__(self, connection: Connection, is_asked: bool) -> None:
        super().__init__([])
        self._connection, self._is_asked = connection, is_asked
        self.is_stopped = False

    def epoch(self, record: EpochRecord) -> None:
        """Send the epoch."""
        self._connection.send(record)

    def should_stop(self) -> bool:
        """Wait for the answer of the study."""
        self.is_stopped = self._is_asked and bool(self._connection.recv())
        return self.is_stopped


def _test_accuracy(network: Network, test: Digits) -> float:
    return float(np.mean(predict_logits(network, test.images).argmax(axis=1) == test.labels))


def _end_with_study() -> None:
    """Wait until the study has ended, by whatever means, and end then: nobody else would end this process."""
    study: Any = multiprocessing.parent_process()
    study.join()
    os._exit(1)
