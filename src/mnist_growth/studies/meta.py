"""Few-shot learning: new classes from a few images, with what was learned from other classes."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mnist_growth.digits import Digits, Split
from mnist_growth.evaluation import mean_interval
from mnist_growth.machine import choose_device, default_threads, peak_rss_bytes, use_threads
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.fixed_width import define_fixed_width
from mnist_growth.studies.job import Report, key_of
from mnist_growth.studies.meta_config import MetaConfig, MethodName
from mnist_growth.studies.meta_methods import learners
from mnist_growth.studies.meta_training import MetaTraining
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.tasks import TaskSampler, only_classes
from mnist_growth.studies.trial import Recipe
from mnist_growth.training import Machine, TrainingSetup

_FORMAT = 1  # of the outcomes; another number makes all of them run again


@dataclass(frozen=True)
class ClassSplit:
    """Which classes are learned from, and which ones are new.

    Attributes:
        base: Classes of meta-training.
        new: Classes of the tasks that methods are compared by.
    """

    base: tuple[int, ...]
    new: tuple[int, ...]

    @classmethod
    def of(cls, classes: int, config: MetaConfig, seed: int) -> "ClassSplit":
        """Return the split of a seed: the next seed holds out the next ``ways`` classes.

        Args:
            classes: Number of classes of the digits.
            config: Number of classes of a task, and whether the new classes are those for validation. These are taken
                from the base classes, and the new classes for the test have no part in it.
            seed: Chooses the split.

        Raises:
            ValueError: There are fewer base classes than a task has.
        """
        ways = config.ways
        order = [int(each) for each in np.roll(np.arange(classes), -ways * seed)]
        split = cls(tuple(order[ways:]), tuple(order[:ways]))
        if config.new_classes == "validation":
            split = cls(split.base[ways:], split.base[:ways])
        if len(split.base) < ways:
            raise ValueError(
                f"Parameter 'meta.ways' is {ways}, which leaves {len(split.base)} of {classes} classes to learn from; "
                "set a smaller number"
            )
        return split


@dataclass(frozen=True)
class FewShotLearner:
    """One method with one seed: it learns from the base classes, and then each task of new classes on its own.

    Attributes:
        method: How it learns.
        seed: Of the split into classes, of weights, and of the tasks, which are the same for all methods.
        config: Parameters of the methods and tasks.
        recipe: Of the training on the base classes.
        classes: Which ones are learned from.
        largest_training: Parameters of a training on all digits.
    """

    method: MethodName
    seed: int
    config: MetaConfig
    recipe: Recipe
    classes: ClassSplit
    largest_training: TrainingSetup

    @cached_property
    def key(self) -> str:
        """SHA-256 (hex) over everything that the outcome depends on."""
        own = {"reptile", "maml", "scratch", "linear", "recipe", "methods", "seeds"}
        content = {
            "study": "meta",
            "format": _FORMAT,
            "recipe": self.recipe.values(),
            "fingerprint": self.largest_training.fingerprint,
            "split": self.largest_training.split,
            "config": self.config.model_dump(mode="json", exclude=own - {self.method.removesuffix("_first_order")}),
            **self.changes,
        }
        return key_of(content)

    @property
    def changes(self) -> Mapping[str, Any]:
        """In what it differs from the others of the study."""
        return {"method": self.method, "seed": self.seed}

    @property
    def name(self) -> str:
        """For people: ``maml seed=0``."""
        return f"{self.method} seed={self.seed}"

    def is_kept(self) -> bool:
        """It leaves nothing but its outcome."""
        return True

    def run(self, data: StudyData, machine: Machine, report: Report) -> Outcome:
        """Learn from the base classes and then from the tasks, and return the outcome; see ``Job.run``.

        Its history has one row per number of shots: ``epoch``, its position from 1; ``shots``; ``accuracy``, the mean
        over tasks, with its 95 % interval ``accuracy_low`` to ``accuracy_high`` by Student's t over tasks; and
        ``tasks``, their number.
        """
        began = time.monotonic()
        history: list[dict[str, Any]] = []
        with use_threads(machine.threads or default_threads()):
            training = self._training(data, machine)
            new = self._new_digits(data)
            for number, (shots, learner) in enumerate(learners(self.method, training).items(), start=1):
                generator = np.random.default_rng([self.seed, shots])
                sampler = TaskSampler(new, np.arange(len(new)), self.config.ways, training.device, generator)
                accuracies = learner(sampler.sample(self.config.tasks, shots, self.config.queries))
                mean, low, high = mean_interval(accuracies.cpu().numpy())
                history.append(
                    {
                        "epoch": number,
                        "shots": shots,
                        "accuracy": mean,
                        "accuracy_low": low,
                        "accuracy_high": high,
                        "tasks": len(accuracies),
                    }
                )
                report(history[-1])
        return Outcome(
            state="finished",
            is_final=True,
            history=history,
            forward_multiply_adds=training.network().spec.forward_multiply_adds,
            seconds=time.monotonic() - began,
            peak_rss_bytes=peak_rss_bytes(),
        )

    def _training(self, data: StudyData, machine: Machine) -> MetaTraining:
        """Return what is learned from: the base classes, of training digits only."""
        parts = [
            only_classes(data.train, rows, self.classes.base, self.config.quarter_turns)
            for rows in (data.split.train, data.split.validation)
        ]
        images, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels"))
        digits = replace(parts[0], images=images, labels=labels)
        split = Split(np.arange(len(parts[0])), np.arange(len(parts[0]), len(digits)))
        neurons = self.recipe.growth.max_neurons
        setup = define_fixed_width(self.recipe, self.seed, neurons, digits, split)
        return MetaTraining(self.config, setup, digits, split, machine, choose_device(machine.device))

    def _new_digits(self, data: StudyData) -> Digits:
        """Return the digits of the new classes: test digits, or those of the validation part to choose parameters."""
        if self.config.new_classes == "test":
            return only_classes(data.test, np.arange(len(data.test)), self.classes.new)
        return only_classes(data.train, data.split.validation, self.classes.new)


def define_few_shot_learning(config: MetaConfig, recipe: Recipe, data: StudyData) -> list[FewShotLearner]:
    """Return the jobs of a study: one for each method and seed.

    Args:
        config: Methods, tasks and seeds.
        recipe: Of the training on the base classes.
        data: Its classes are split into base and new ones.

    Raises:
        ValueError: There are too few classes.
    """
    first = recipe.training.seed
    return [
        FewShotLearner(
            method,
            seed,
            config,
            recipe,
            ClassSplit.of(len(data.train.class_names), config, seed),
            define_fixed_width(recipe, seed, recipe.growth.max_neurons, data.train, data.split),
        )
        for seed in range(first, first + config.seeds)
        for method in config.methods
    ]
