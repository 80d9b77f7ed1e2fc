"""What a study consists of."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from mnist_growth.studies.data import StudyData
from mnist_growth.studies.outcome import Outcome
from mnist_growth.training import Machine, TrainingSetup

Report = Callable[[Mapping[str, Any]], bool]
"""Receives a row of the history of a job, with the key ``epoch``, and returns whether the job is to stop."""


class Job(Protocol):
    """One training, or one series of trainings, that is done in a process of its own."""

    @property
    def key(self) -> str:
        """SHA-256 (hex) over everything that the outcome depends on, but for the number of threads."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def changes(self) -> Mapping[str, Any]:
        """In what it differs from the other jobs of the study."""

    @property
    def largest_training(self) -> TrainingSetup:
        """The training that takes most memory."""

    def is_kept(self) -> bool:
        """Whether everything that it has left besides its outcome is still there."""

    def run(self, data: StudyData, machine: Machine, report: Report) -> Outcome:
        """Do it, and return the outcome.

        Args:
            data: Digits of the study.
            machine: Share of this job in the machine.
            report: Receives each row of the history at once.

        Raises:
            OSError: A file cannot be written, which no other job could do either.
        """


def key_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of values that JSON can hold; their order does not matter."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
