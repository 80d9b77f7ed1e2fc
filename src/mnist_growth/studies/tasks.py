"""Few-shot tasks: a few labelled images of some classes, and other images of these classes to classify."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mnist_growth.digits import Digits

_DEGREES = 90  # of a quarter turn


@dataclass(frozen=True, eq=False)
class Tasks:
    """Some tasks with equally many classes and images. Images are sorted by class in all of them.

    Attributes:
        support: Labelled images, uint8 [T, N K, 28, 28], K for each of N classes; or their features, float [T, N K, D].
        queries: Images to classify, uint8 [T, N Q, 28, 28], Q for each class, none of them in the support; or their
            features, float [T, N Q, D].
        ways: Number of classes N.
    """

    support: Tensor
    queries: Tensor
    ways: int

    def __len__(self) -> int:
        return len(self.support)

    @property
    def support_labels(self) -> Tensor:
        """Labels of the support of every task, int64 [N K]."""
        return self._labels(self.support)

    @property
    def query_labels(self) -> Tensor:
        """Labels of the queries of every task, int64 [N Q]."""
        return self._labels(self.queries)

    def chunks(self, size: int) -> "list[Tasks]":
        """Return the tasks in groups of at most ``size``."""
        cuts = list(range(size, len(self), size))
        parts = zip(self.support.tensor_split(cuts), self.queries.tensor_split(cuts), strict=True)
        return [Tasks(support, queries, self.ways) for support, queries in parts]

    def _labels(self, images: Tensor) -> Tensor:
        return torch.arange(self.ways, device=images.device).repeat_interleave(images.shape[1] // self.ways)


class TaskSampler:
    """Draws tasks from the classes of a set of digits.

    Args:
        digits: Each of their classes can be a class of a task.
        rows: Indices of the images that are used.
        ways: Number of classes of a task.
        device: Of the images of the tasks.
        generator: Of the classes and images.

    Raises:
        ValueError: There are fewer classes.
    """

    def __init__(
        self,
        digits: Digits,
        rows: NDArray[np.int64],
        ways: int,
        device: torch.device,
        generator: np.random.Generator,
    ) -> None:
        self._images, self._ways, self._device, self._generator = digits.images, ways, device, generator
        self._rows = [rows[digits.labels[rows] == label] for label in range(len(digits.class_names))]
        if len(self._rows) < ways:
            raise ValueError(
                f"A task has {ways} classes, but there are only {len(self._rows)}; set a smaller number (meta.ways)"
            )

    def sample(self, count: int, shots: int, queries: int) -> Tasks:
        """Return some tasks, drawn with replacement; the images of a task are drawn without replacement.

        Args:
            count: Number of tasks.
            shots: Labelled images of each class.
            queries: Images of each class to classify.

        Raises:
            ValueError: A class has fewer images.
        """
        smallest = min(map(len, self._rows))
        if smallest < shots + queries:
            raise ValueError(
                f"A task needs {shots + queries} images of each class, but one class has {smallest}; set fewer "
                "(meta.shots, meta.queries), or choose a larger set of digits"
            )
        rows = np.stack([self._rows_of_task(shots + queries) for _ in range(count)])
        support, others = rows[:, :, :shots].reshape(count, -1), rows[:, :, shots:].reshape(count, -1)
        return Tasks(self._tensor(support), self._tensor(others), self._ways)

    def _rows_of_task(self, images: int) -> NDArray[np.int64]:
        """Return different rows of different classes, int64 [N, images]."""
        classes = self._generator.choice(len(self._rows), self._ways, replace=False)
        return np.stack([self._generator.choice(self._rows[each], images, replace=False) for each in classes])

    def _tensor(self, rows: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(self._images[rows]).to(self._device)


def only_classes(
    digits: Digits, rows: NDArray[np.int64], classes: Sequence[int], quarter_turns: Sequence[int] = (0,)
) -> Digits:
    """Return digits of some classes, labelled by their positions.

    Args:
        digits: Labelled images.
        rows: Indices of those that are used.
        classes: Their labels from now on are positions in this sequence.
        quarter_turns: Each number of counter-clockwise turns by 90 degrees makes further classes of them.

    Raises:
        ValueError: There are no such images.
    """
    labels = np.full(len(digits.class_names), -1)
    labels[np.asarray(classes)] = np.arange(len(classes))
    chosen = rows[labels[digits.labels[rows]] >= 0]
    upright, found = np.asarray(digits.images[chosen]), labels[digits.labels[chosen]]
    names = [digits.class_names[each] for each in classes]
    return replace(
        digits,
        images=np.concatenate([np.rot90(upright, turns, axes=(1, 2)) for turns in quarter_turns]),
        labels=np.concatenate([found + number * len(classes) for number in range(len(quarter_turns))]),
        class_names=tuple(_turned(name, turns) for turns in quarter_turns for name in names),
    )


def _turned(name: str, turns: int) -> str:
    return f"{name} turned by {turns * _DEGREES} degrees" if turns else name
