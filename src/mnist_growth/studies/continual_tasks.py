"""The tasks of continual learning: what a network is to learn one after the other."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from mnist_growth.digits import IMAGE_SIDE, Digits
from mnist_growth.network import PIXELS
from mnist_growth.studies.continual_config import ScenarioName

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Examples = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Images, uint8 [N, 28, 28], and their labels, int64 [N]."""

_CHUNK = 5000  # images that are rotated at once


@dataclass(frozen=True)
class TaskStream:
    """A sequence of tasks that are made of one set of digits.

    - ``permuted``: all digits, with the pixels in a random order that is fixed for the task; the first task has the
      original order (Goodfellow et al. 2014; Kirkpatrick et al. 2017).
    - ``rotated``: all digits, rotated by one step more in every task (Lopez-Paz and Ranzato 2017).
    - ``split_task``, ``split_domain``, ``split_class``: some classes in every task, in their order, in the three
      scenarios of van de Ven and Tolias (2019). Task-incremental: the task of an image is known, so only its classes
      are possible. Domain-incremental: the answer is the position of the class within its task. Class-incremental: the
      answer is the class, of all that have been seen.

    Attributes:
        scenario: How the tasks are made.
        tasks: Number of tasks.
        seed: Of the permutations.
        rotation_degrees: Rotation between two tasks.
        names: Names of the classes of the digits.
    """

    scenario: ScenarioName
    tasks: int
    seed: int
    rotation_degrees: float
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse classes that cannot be divided.

        Raises:
            ValueError: There are classes left over, or tasks of one class.
        """
        if self._is_split and (len(self.names) % self.tasks or len(self.names) < 2 * self.tasks):
            raise ValueError(
                f"Parameter 'continual.settings.{self.scenario}.tasks' is {self.tasks}, but {len(self.names)} classes "
                "cannot be divided into so many tasks of at least two classes; choose another number"
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes that the network has."""
        if self.scenario == "split_domain":
            return tuple(f"class {position + 1} of the task" for position in range(self._classes_per_task))
        return self.names

    def rows(self, task: int, labels: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of some rows of the digits that belong to a task, which is counted from 0.

        Args:
            task: Which one.
            labels: Of all digits.
            rows: To choose from, int64 [N].
        """
        return rows[labels[rows] // self._classes_per_task == task] if self._is_split else rows

    def examples(self, task: int, digits: Digits, rows: NDArray[np.int64]) -> Examples:
        """Return images and labels as a task presents them.

        Args:
            task: Which one, from 0.
            digits: Of all tasks.
            rows: Of the digits, all of the task, int64 [N].
        """
        images, labels = np.asarray(digits.images[rows]), digits.labels[rows]
        if self.scenario == "permuted" and task > 0:
            order = np.random.default_rng([self.seed, task]).permutation(PIXELS)
            images = np.take(images.reshape(-1, PIXELS), order, axis=1).reshape(images.shape)
        if self.scenario == "rotated" and task > 0:
            images = rotated(images, task * self.rotation_degrees)
        return images, labels % self._classes_per_task if self.scenario == "split_domain" else labels

    def possible(self, learned: int) -> Tensor | None:
        """Return which classes are possible for an image, bool [C, C] with a row for each true class.

        The row tells the task of the image where the task is known, and nothing else about its class.

        Args:
            learned: Number of tasks that have been trained or are being trained.

        Returns:
            None if all classes are possible for all images.
        """
        of_class = torch.arange(len(self.names)) // self._classes_per_task
        if self.is_task_known:
            return of_class[:, None] == of_class
        if self.scenario == "split_class":
            return (of_class < learned).expand(len(self.names), -1).contiguous()
        return None

    def classes(self, task: int) -> Tensor:
        """Return which classes are possible for the images of a task while it is trained, bool [C]."""
        possible = self.possible(task + 1)
        return torch.ones(len(self.class_names), dtype=torch.bool) if possible is None else possible[self._first(task)]

    def answered(self, task: int) -> Tensor:
        """Return the classes that tasks before this one have as answers, bool [C]."""
        classes = torch.arange(len(self.class_names))
        return classes < self._first(task) if self.is_task_known or self.scenario == "split_class" else classes >= 0

    @property
    def is_task_known(self) -> bool:
        """Whether the task of an image is known when it is classified."""
        return self.scenario == "split_task"

    def _first(self, task: int) -> int:
        return task * self._classes_per_task

    @property
    def _is_split(self) -> bool:
        return self.scenario.startswith("split")

    @cached_property
    def _classes_per_task(self) -> int:
        return len(self.names) // self.tasks if self._is_split else len(self.names)


def rotated(images: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """Return images, uint8 [N, 28, 28], rotated about their centre, with linear interpolation and black around them.

    Each pixel is a weighted sum of four pixels, so that one sparse matrix rotates all images, ten times as fast as
    ``ndimage.rotate``.
    """
    rotation = _rotation(degrees)
    parts = [
        np.floor(rotation @ part.reshape(len(part), PIXELS).T + 0.5).astype(np.uint8).T.reshape(part.shape)
        for part in np.split(images, range(_CHUNK, len(images), _CHUNK))
    ]
    return np.concatenate(parts)


@cache
def _rotation(degrees: float) -> "csr_array":
    """Return the matrix that rotates a flat image."""
    single_pixels = np.eye(PIXELS).reshape(PIXELS, IMAGE_SIDE, IMAGE_SIDE)
    turned = ndimage.rotate(single_pixels, degrees, axes=(2, 1), reshape=False, order=1)
    from scipy.sparse import csr_array  # imported here: slow, few need it

    return csr_array(turned.reshape(PIXELS, PIXELS).T)
