"""Many jobs, such as trainings, several at a time, each in a process of its own."""

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import Any, TypeVar

from mnist_growth.studies.config import StudiesConfig
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.job import Job
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.recorder import Recorder, TrialRecord
from mnist_growth.studies.store import OutcomeStore
from mnist_growth.studies.team import share_machine, worker_bytes
from mnist_growth.studies.worker import context, work
from mnist_growth.training import Machine

logger = logging.getLogger(__name__)

_Job = TypeVar("_Job", bound=Job)

ShouldStop = Callable[[Any, Mapping[str, Any]], bool]
"""Whether to stop a training after an epoch because others are more promising."""

_ATTEMPTS = 2  # of a training whose process is killed


class TrialFailed(Exception):  # noqa: N818
    """Ends the record of a training that has failed."""


@dataclass
class _Running:
    """A training in progress.

    Attributes:
        job: What is being done.
        process: Its process.
        channel: To the process.
        record: Receives its epochs.
        closing: Closes the record.
        attempt: Number of processes so far.
    """

    job: Any  # a Job
    process: Any
    channel: "connection.Connection[Any, Any]"
    record: TrialRecord
    closing: contextlib.ExitStack
    attempt: int = field(default=1)

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.join()
        self.channel.close()


class Study:
    """Runs trainings, keeps their outcomes, and records them as child runs.

    A training that was done before, by this study or another one, is not repeated. One that fails is recorded, and the
    study goes on. A training whose process is killed starts again once.

    Args:
        data: Digits of all trainings.
        store: Keeps the outcomes.
        recorder: Opens a record for each training.
        workers: Number of trainings at a time.
        machine: Share of one training in the machine.
    """

    def __init__(
        self, data: StudyData, store: OutcomeStore, recorder: Recorder, workers: int, machine: Machine
    ) -> None:
        self._data, self._store, self._recorder = data, store, recorder
        self._workers, self._machine = workers, machine

    @classmethod
    def shared(
        cls,
        data: StudyData,
        store: OutcomeStore,
        recorder: Recorder,
        machine: Machine,
        config: StudiesConfig,
        jobs: Sequence[Job],
        number: int | None = None,
    ) -> "Study":
        """Return a study whose trainings share a machine; see ``share_machine``.

        Args:
            data: Digits of all trainings.
            store: Keeps the outcomes.
            recorder: Opens a record for each training.
            machine: What the study runs on.
            config: Has the number of workers.
            jobs: All jobs, or those that may take most memory.
            number: Number of jobs; None: that of ``jobs``.

        Raises:
            ValueError: So many workers need more memory than the study may use.
        """
        number = len(jobs) if number is None else number
        largest = max((job.largest_training for job in jobs), key=worker_bytes)
        workers, share = share_machine(machine, config, largest, number)
        threads = "1 thread" if share.threads == 1 else f"{share.threads} threads"
        logger.info(
            "%s, %d at a time with %s", "1 training" if number == 1 else f"{number} trainings", workers, threads
        )
        return cls(data, store, recorder, workers, share)

    def run(self, jobs: Iterable[_Job | None], should_stop: ShouldStop | None = None) -> Iterator[tuple[_Job, Outcome]]:
        """Train, and yield each training with its outcome as soon as it has ended.

        Args:
            jobs: Taken one by one, when a worker is free: a later one may depend on the outcomes before it. None says
                that the next one depends on a job that is running.
            should_stop: Asked after every epoch; None: trainings are not stopped early.

        Raises:
            OSError: An outcome cannot be saved. Those before are kept.
        """
        waiting, running = iter(jobs), list[_Running]()
        try:
            while True:
                while len(running) < self._workers and (job := next(waiting, None)) is not None:
                    known = self._store.find(job.key) if job.is_kept() else None
                    if known is None:
                        running.append(self._start(job, should_stop is not None))
                    else:
                        self._replay(job, known)
                        yield job, known
                if not running:
                    return
                for channel in connection.wait([each.channel for each in running]):
                    each = next(each for each in running if each.channel is channel)
                    outcome = self._receive(each, should_stop)
                    if outcome is not None:
                        running.remove(each)
                        _record_end(each.job, outcome, each.record, each.closing)
                        yield each.job, outcome
        finally:
            for each in running:
                each.end()
                _close(each.closing, KeyboardInterrupt())

    def _start(self, job: Job, is_asked: bool) -> _Running:
        closing = contextlib.ExitStack()
        record = closing.enter_context(self._recorder.child_run(job.name, job.changes, {"study.key": job.key}))
        return _Running(job, *self._launch(job, is_asked), record, closing)

    def _launch(self, job: Job, is_asked: bool) -> tuple[Any, Any]:
        """Start the process of a training, and return it with the channel to it."""
        spawn = context()
        ours, theirs = spawn.Pipe()
        arguments = (job, self._data, self._machine, self._store, theirs, is_asked)
        process = spawn.Process(target=work, args=arguments, name="job", daemon=True)
        process.start()
        theirs.close()  # so that the end of the process ends the channel
        return process, ours

    def _receive(self, each: _Running, should_stop: ShouldStop | None) -> Outcome | None:
        """Receive a message; return the outcome if the training has ended.

        Raises:
            OSError: The outcome could not be saved.
        """
        try:
            message = each.channel.recv()
        except (EOFError, ConnectionError):
            return self._restart(each, should_stop is not None)
        if isinstance(message, Mapping):
            each.record.log_epoch(message)
            if should_stop is not None:
                with contextlib.suppress(OSError):  # the process may have been killed
                    each.channel.send(should_stop(each.job, message))
            return None
        each.end()
        if isinstance(message, OSError):
            raise message
        assert isinstance(message, Outcome)
        return message

    def _restart(self, each: _Running, is_asked: bool) -> Outcome | None:
        """Start a training again whose process has ended without an outcome; return its failure if it did so before."""
        each.process.join()
        code = each.process.exitcode
        each.end()
        if each.attempt >= _ATTEMPTS:
            return Outcome(state="failed", reason=f"its process ended with exit code {code}, {each.attempt} times")
        logger.warning("The process of %s ended with exit code %s: it starts again", each.job.name, code)
        each.process, each.channel = self._launch(each.job, is_asked)
        each.attempt += 1
        return None

    def _replay(self, job: Job, outcome: Outcome) -> None:
        """Record a training that was done before."""
        tags = {"study.key": job.key, "study.kept": "true"}
        with contextlib.ExitStack() as closing:
            record = closing.enter_context(self._recorder.child_run(job.name, job.changes, tags))
            for row in outcome.history:
                record.log_epoch(row)
            _record_end(job, outcome, record, closing.pop_all())


def check_finished(ended: Sequence[tuple[Job, Outcome]]) -> None:
    """Refuse to go on without a finished training.

    Raises:
        RuntimeError: No training has finished.
    """
    if not any(outcome.state == "finished" for _, outcome in ended):
        reason = next((outcome.reason for _, outcome in ended if outcome.reason), "all were stopped early")
        raise RuntimeError(f"None of the {len(ended)} trainings of this study has finished; the first one: {reason}")


def _record_end(job: Job, outcome: Outcome, record: TrialRecord, closing: contextlib.ExitStack) -> None:
    """End the record of a training in the way that the training has ended."""
    numbers = {"seconds": outcome.seconds, "test_accuracy": outcome.test_accuracy}
    record.log_metrics({name: number for name, number in numbers.items() if number is not None})
    if outcome.state == "failed":
        logger.warning("%s failed: %s", job.name, outcome.reason)
        _close(closing, TrialFailed(outcome.reason))
        return
    if outcome.state == "pruned":
        record.mark_pruned(int(outcome.last["epoch"]))
    closing.close()
    measure = next(name for name in ("validation_accuracy", "accuracy") if name in outcome.last)
    logger.info(
        "%s: %s %.2f %%, %.0f s", job.name, measure.replace("_", " "), 100 * outcome.value(measure), outcome.seconds
    )


def _close(closing: contextlib.ExitStack, error: BaseException) -> None:
    """Close the record of a training as if the error had ended it."""
    closing.__exit__(type(error), error, None)
