"""A memory of examples of earlier tasks, balanced by task and class."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class ReplayMemory:
    """Rows of the digits that are trained on again, as many of every class of every task.

    Attributes:
        size: Number of images that it may hold.
        groups: Of each task and class, rows in random order; shortened when further tasks come.
    """

    size: int
    groups: dict[tuple[int, int], NDArray[np.int64]] = field(default_factory=dict)

    def add(
        self, task: int, labels: NDArray[np.int64], rows: NDArray[np.int64], generator: np.random.Generator
    ) -> None:
        """Keep some examples of a task; all groups then have the same room.

        Args:
            task: Which one.
            labels: Class of each row, int64 [N].
            rows: Training examples of the task, int64 [N].
            generator: Chooses among them.

        Raises:
            ValueError: There is less than one place for each class of each task.
        """
        for label in np.unique(labels).tolist():
            self.groups[task, label] = generator.permutation(rows[labels == label])
        room = self.size // len(self.groups)
        if room == 0:
            raise ValueError(
                f"Parameter 'continual.replay_images' is {self.size}, but there are {len(self.groups)} classes of "
                "tasks to remember; choose at least as many"
            )
        self.groups = {group: kept[:room] for group, kept in self.groups.items()}

    def of_task(self, task: int) -> NDArray[np.int64]:
        """Return the rows that are kept of a task, int64 [M]."""
        return np.concatenate([rows for (owner, _), rows in self.groups.items() if owner == task])
