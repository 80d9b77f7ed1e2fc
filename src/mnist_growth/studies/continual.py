"""Continual learning: one network learns tasks one after the other, and may forget the earlier ones."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mnist_growth.machine import peak_rss_bytes
from mnist_growth.studies.continual_config import METHODS, ContinualConfig, MethodName
from mnist_growth.studies.continual_tasks import TaskStream
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.job import Report, key_of
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.task_learning import TaskLearning, define_task
from mnist_growth.studies.trial import Recipe
from mnist_growth.training import Machine, TrainingSetup

_FORMAT = 1  # of the outcomes; another number makes all of them run again


@dataclass(frozen=True)
class ContinualLearner:
    """All tasks of a scenario in their order, learned with one method and one seed.

    Attributes:
        stream: Makes the tasks of the digits.
        method: Against forgetting.
        seed: Of the permutations, of the images that are kept, and of all trainings.
        recipe: Of the trainings.
        config: Numbers of images, strengths.
        largest_training: Its parameters, for all digits, with the widest network.
    """

    stream: TaskStream
    method: MethodName
    seed: int
    recipe: Recipe
    config: ContinualConfig
    largest_training: TrainingSetup

    @cached_property
    def key(self) -> str:
        """SHA-256 (hex) over everything that the outcome depends on."""
        common = ("images_per_task", "fisher_images", "online_decay", "replay_images", "rotation_degrees")
        content = {
            "study": "continual",
            "format": _FORMAT,
            "recipe": self.recipe.values(),
            "fingerprint": self.largest_training.fingerprint,
            "split": self.largest_training.split,
            "settings": self.config.settings[self.stream.scenario].model_dump(),
            **self.changes,
            **{name: getattr(self.config, name) for name in common},
        }
        return key_of(content)

    @property
    def changes(self) -> Mapping[str, Any]:
        """In what it differs from the others of the study."""
        return {"scenario": self.stream.scenario, "method": self.method, "seed": self.seed}

    @property
    def name(self) -> str:
        """For people: ``permuted ewc seed=0``."""
        return f"{self.stream.scenario} {self.method} seed={self.seed}"

    def is_kept(self) -> bool:
        """It leaves nothing but its outcome."""
        return True

    def run(self, data: StudyData, machine: Machine, report: Report) -> Outcome:
        """Learn all tasks, and return the outcome; see ``Job.run``.

        Its history has one row after every task, or one at the end for joint training: ``epoch``, the number of tasks
        that were trained; ``accuracy`` and ``validation_accuracy``, the means over these tasks; ``accuracy_1``,
        ``validation_accuracy_1``, ..., of every task; ``width`` of the network. Test digits are only reported on.
        """
        began, method, tasks = time.monotonic(), METHODS[self.method], range(self.stream.tasks)
        learning = TaskLearning(
            self.stream,
            method,
            self.config.settings[self.stream.scenario],
            self.config,
            self.recipe,
            self.seed,
            data,
            machine,
        )
        history: list[dict[str, Any]] = []
        for together in [tasks] if method.is_joint else [[task] for task in tasks]:
            learning.learn(together)
            history.append(learning.measure(together[-1] + 1))
            report(history[-1])
        assert learning.network is not None
        return Outcome(
            state="finished",
            is_final=True,
            history=history,
            test_accuracy=history[-1]["accuracy"],
            forward_multiply_adds=learning.network.spec.forward_multiply_adds,
            seconds=time.monotonic() - began,
            peak_rss_bytes=peak_rss_bytes(),
        )


def define_continual_learning(config: ContinualConfig, recipe: Recipe, data: StudyData) -> list[ContinualLearner]:
    """Return the series of tasks of a study: one for each scenario, seed and method.

    Args:
        config: Scenarios, methods and seeds.
        recipe: Of the trainings.
        data: Digits of all tasks.

    Raises:
        ValueError: The classes cannot be divided into so many tasks, or the network is not one whose old units can be
            protected.
    """
    if any(METHODS[method].protects for method in config.methods):
        _check_protectable(recipe)
    seeds = range(recipe.training.seed, recipe.training.seed + config.seeds)
    learners = []
    for scenario in config.scenarios:
        settings = config.settings[scenario]
        largest = define_task(recipe, settings, recipe.training.seed, recipe.growth.max_neurons, data.train, data.split)
        for seed in seeds:
            stream = TaskStream(scenario, settings.tasks, seed, config.rotation_degrees, data.train.class_names)
            learners += [ContinualLearner(stream, method, seed, recipe, config, largest) for method in config.methods]
    return learners


def _check_protectable(recipe: Recipe) -> None:
    kind, has_norm = recipe.network.kind, getattr(recipe.network, "batch_norm", False)
    if kind != "mlp" or has_norm or recipe.growth.operator != "zero_fan_out":
        raise ValueError(
            f"The method 'growth' of continual learning needs network.kind=mlp, network.batch_norm=false and "
            f"growth.operator=zero_fan_out, found {kind}, {str(has_norm).lower()} and {recipe.growth.operator}; set "
            "them below continual.recipe, or leave 'growth' out of continual.methods"
        )
