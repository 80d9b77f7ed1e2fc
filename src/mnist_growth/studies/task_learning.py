"""One network that learns tasks, with what a method keeps of the earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mnist_growth.digits import Digits, PixelStatistics, Split
from mnist_growth.growth import operator_named, widen_together
from mnist_growth.learning import (
    Anchor,
    ObjectiveFactory,
    fisher_diagonal,
    known_classes_factory,
    objective_factory,
    penalised_factory,
)
from mnist_growth.machine import choose_device
from mnist_growth.network import Network, predict_logits
from mnist_growth.studies.continual_config import ContinualConfig, Method, ScenarioConfig
from mnist_growth.studies.continual_tasks import Examples, TaskStream
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.fixed_width import define_fixed_width
from mnist_growth.studies.protection import protected_entries
from mnist_growth.studies.replay_memory import ReplayMemory
from mnist_growth.studies.trial import Recipe
from mnist_growth.training import Machine, Monitors, NoCheckpoints, TrainingSetup, start_training

_WATCHED = 500  # validation images of every epoch of a task


@dataclass
class TaskLearning:
    """A network on its way through a stream of tasks.

    Attributes:
        stream: The tasks.
        method: Against forgetting.
        settings: Of the scenario.
        config: Numbers of images.
        recipe: Of the trainings.
        seed: Of the images that are chosen, and of all trainings.
        data: Digits of all tasks.
        machine: What the trainings run on.
        network: After the newest task, already widened for the next one if the method grows; None before the first.
        narrow: The same before it was widened.
        anchor: Penalty of elastic weight consolidation; None before the first task, and for other methods.
        memory: Examples of earlier tasks, for methods that replay them.
        test: Test digits as each task so far presents them.
    """

    stream: TaskStream
    method: Method
    settings: ScenarioConfig
    config: ContinualConfig
    recipe: Recipe
    seed: int
    data: StudyData
    machine: Machine
    network: Network | None = None
    narrow: Network | None = None
    anchor: Anchor | None = None
    memory: ReplayMemory = field(init=False)
    test: dict[int, Examples] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.memory = ReplayMemory(self.config.replay_images)

    def learn(self, tasks: Sequence[int]) -> None:
        """Train some tasks together; those before them have been trained.

        Args:
            tasks: Numbers of successive tasks, from 0.
        """
        newest = tasks[-1]
        chosen = {task: self._chosen(task) for task in tasks}
        examples = _joined([self.stream.examples(task, self.data.train, rows) for task, rows in chosen.items()])
        replayed = self._replayed(tasks[0], len(examples[0]))
        watched = self.stream.examples(
            newest, self.data.train, self._rows(newest, self.data.split.validation)[:_WATCHED]
        )
        digits, split = self._digits([examples, *replayed], watched)
        setup = define_task(self.recipe, self.settings, self.seed, self._neurons(newest), digits, split)
        training = start_training(
            setup,
            digits,
            split,
            scaled_only(self.data.pixels),
            self.machine,
            objective=self._objective(newest),
            network=self.network,
        )
        if self.method.protects and self.narrow is not None:
            protected = protected_entries(
                self.narrow,
                training.state.network,
                self.stream.answered(newest),
                is_task_known=self.stream.is_task_known,
            )
            training.state.optimizer.hold(protected)
        training.run(NoCheckpoints(), Monitors([]), is_judged=False)
        self.narrow = training.trained().network.to(choose_device(self.machine.device))
        self.network = self._widened(self.narrow, newest + 1) if newest + 1 < self.stream.tasks else self.narrow
        if self.method.replays:
            generator = np.random.default_rng([self.seed, newest])
            self.memory.add(newest, self.data.train.labels[chosen[newest]], chosen[newest], generator)
        if self.method.penalty != "none":
            self.anchor = self._consolidated(newest, torch.from_numpy(examples[0]))

    def measure(self, learned: int) -> dict[str, Any]:
        """Return the accuracies of the tasks so far; see ``ContinualLearner.run``.

        Args:
            learned: Number of tasks that have been trained.
        """
        assert self.network is not None
        assert self.narrow is not None
        for task in range(len(self.test), learned):
            self.test[task] = self._examples(task, self.data.test, np.arange(len(self.data.test)))
        accuracies = [self._accuracy(self.test[task], learned) for task in range(learned)]
        row: dict[str, Any] = {"epoch": learned, "width": max(self.narrow.widths)}
        row |= {f"accuracy_{task}": accuracy for task, accuracy in enumerate(accuracies, start=1)}
        row["accuracy"] = float(np.mean(accuracies))
        if learned == self.stream.tasks:
            validation = (self._examples(task, self.data.train, self.data.split.validation) for task in range(learned))
            row["validation_accuracy"] = float(np.mean([self._accuracy(each, learned) for each in validation]))
        return row

    def _examples(self, task: int, digits: Digits, rows: NDArray[np.int64]) -> Examples:
        """Return those of some rows of the digits that belong to a task, as it presents them."""
        return self.stream.examples(task, digits, self.stream.rows(task, digits.labels, rows))

    def _accuracy(self, examples: Examples, learned: int) -> float:
        """Return the share of the images whose label is the most probable of the possible classes."""
        assert self.network is not None
        images, labels = examples
        logits = predict_logits(self.network, images)
        possible = self.stream.possible(learned)
        if possible is not None:
            logits = np.where(possible.numpy()[labels], logits, -np.inf)
        return float(np.mean(logits.argmax(axis=1) == labels))

    def _rows(self, task: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return self.stream.rows(task, self.data.train.labels, rows)

    def _chosen(self, task: int) -> NDArray[np.int64]:
        """Return the rows of the training images of a task, ascending."""
        rows, count = self._rows(task, self.data.split.train), self.config.images_per_task
        if count is None or count >= len(rows):
            return rows
        return np.sort(np.random.default_rng([self.seed, task]).choice(rows, count, replace=False))

    def _replayed(self, learned: int, images: int) -> list[Examples]:
        """Return the examples that are kept of earlier tasks, repeated until there are about as many as new ones."""
        if not self.method.replays or learned == 0:
            return []
        kept = [self.stream.examples(task, self.data.train, self.memory.of_task(task)) for task in range(learned)]
        return kept * max(1, round(images / sum(len(labels) for _, labels in kept)))

    def _digits(self, examples: Sequence[Examples], watched: Examples) -> tuple[Digits, Split]:
        """Return digits whose training part are some examples, and whose validation part are others."""
        images, labels = _joined([*examples, watched])
        digits = replace(self.data.train, images=images, labels=labels, class_names=self.stream.class_names)
        count = len(labels) - len(watched[1])
        return digits, Split(np.arange(count), np.arange(count, len(labels)))

    def _neurons(self, task: int) -> int:
        """Return the number of neurons of each hidden layer while a task is trained."""
        growth, last = self.recipe.growth, self.settings.tasks - 1
        if not self.method.grows:
            return growth.max_neurons
        return growth.initial_neurons + (growth.max_neurons - growth.initial_neurons) * task // last

    def _widened(self, network: Network, task: int) -> Network:
        """Return a trainable network with the units that a task adds, which computes the same function."""
        counts = [self._neurons(task) - width for width in network.widths]
        generator = torch.Generator().manual_seed(self.seed + task)
        [wider], _ = widen_together([network], counts, operator_named(self.recipe.growth.operator), generator)
        return wider.requires_grad_(True)

    def _objective(self, task: int) -> ObjectiveFactory:
        """Return what computes the gradients of a task: the loss over its classes, and the penalty of earlier tasks."""
        possible = self.stream.possible(task + 1)
        factory = objective_factory("cross_entropy") if possible is None else known_classes_factory(possible)
        return factory if self.anchor is None else penalised_factory(factory, self.anchor, self.settings.ewc_strength)

    def _consolidated(self, task: int, images: torch.Tensor) -> Anchor:
        """Return the penalty after a task: that of the tasks before, and that of its own Fisher information.

        The network may have new units already. Their outgoing weights are zero and still important: units that answer
        images of a task at random would disturb it. The images of earlier tasks, which the new units have never seen,
        are gone: it is assumed that new weights are as important for each of these tasks as for this one.
        """
        assert self.network is not None
        generator = torch.Generator().manual_seed(self.seed + task)
        chosen = torch.randperm(len(images), generator=generator)[: self.config.fisher_images]
        importance = fisher_diagonal(self.network, images[chosen], self.stream.classes(task))
        if self.anchor is None:
            return Anchor.at(self.network, importance)
        if self.method.penalty == "online":
            return self.anchor.decayed(self.config.online_decay, self.network, importance)
        of_earlier_tasks = {name: task * value for name, value in importance.items()}
        return self.anchor.widened(self.network, of_earlier_tasks).plus(Anchor.at(self.network, importance))


def define_task(
    recipe: Recipe, settings: ScenarioConfig, seed: int, neurons: int, digits: Digits, split: Split
) -> TrainingSetup:
    """Return what defines the training of a task, in which the network does not grow.

    Args:
        recipe: Its other parameters.
        settings: Has the number of epochs.
        seed: Of the training.
        neurons: Of each hidden layer.
        digits: Of the task.
        split: Of these digits.
    """
    training = recipe.training.model_copy(update={"epochs": settings.epochs})
    return define_fixed_width(replace(recipe, training=training), seed, neurons, digits, split)


def scaled_only(pixels: PixelStatistics) -> PixelStatistics:
    """Return statistics with which pixels are scaled to a root mean square of 1, and black ones stay 0.

    The weights of black pixels then neither matter nor change for an image. With the mean subtracted, every image uses
    all weights of the first layer, and the tasks disturb each other more.
    """
    return replace(pixels, mean=0.0, std=float(np.hypot(pixels.mean, pixels.std)))


def _joined(examples: Sequence[Examples]) -> Examples:
    """Return several sets of examples as one."""
    images, labels = zip(*examples, strict=True)
    return np.concatenate(images), np.concatenate(labels)
