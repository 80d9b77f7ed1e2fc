"""Active learning: the network chooses the images that it wants to be labelled."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mnist_growth.digits import Digits, Split
from mnist_growth.growth import operator_named, widen_together
from mnist_growth.machine import choose_device, peak_rss_bytes
from mnist_growth.network import Network, accuracy_of
from mnist_growth.studies.acquisition import StrategyName, most_useful
from mnist_growth.studies.active_config import ActiveConfig
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.fixed_width import define_fixed_width
from mnist_growth.studies.job import Report, key_of
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.outputs import outputs
from mnist_growth.studies.trial import Recipe
from mnist_growth.training import Machine, Monitors, NoCheckpoints, TrainingSetup, start_training

_FORMAT = 1  # of the outcomes; another number makes all of them run again


@dataclass(frozen=True)
class ActiveLearner:
    """One series of rounds with one strategy and one seed.

    In every round a network is trained on the images that are labelled so far, and the strategy chooses further ones
    from the rest of the training part. The first images are random, and the same for all strategies with one seed.

    Attributes:
        strategy: Chooses the images.
        seed: Of the first images, of random choices, and of all trainings.
        recipe: Of the trainings.
        config: Number of labels of each round, and of images of each epoch.
        largest_training: Its parameters, for all digits, with the number of neurons of the last round.
    """

    strategy: StrategyName
    seed: int
    recipe: Recipe
    config: ActiveConfig
    largest_training: TrainingSetup

    @cached_property
    def key(self) -> str:
        """SHA-256 (hex) over everything that the outcome depends on."""
        content = {
            "study": "active",
            "format": _FORMAT,
            "recipe": self.recipe.values(),
            "fingerprint": self.largest_training.fingerprint,
            "split": self.largest_training.split,
            **self.changes,
            **{name: getattr(self.config, name) for name in ("labels", "images_per_epoch", "grows")},
        }
        return key_of(content)

    @property
    def changes(self) -> Mapping[str, Any]:
        """In what it differs from the others of the study."""
        return {"strategy": self.strategy, "seed": self.seed}

    @property
    def name(self) -> str:
        """For people: ``margin seed=0``."""
        return f"{self.strategy} seed={self.seed}"

    def is_kept(self) -> bool:
        """It leaves nothing but its outcome."""
        return True

    def run(self, data: StudyData, machine: Machine, report: Report) -> Outcome:
        """Do all rounds, and return the outcome; see ``Job.run``.

        Its history has one row per round: ``epoch``, the number of the round from 1; ``labels``; ``accuracy`` of the
        test digits; ``width`` of the network. The training part is the pool; test digits are only reported on.
        """
        began, generator = time.monotonic(), np.random.default_rng(self.seed)
        pool = data.split.train
        labelled = np.sort(generator.choice(pool, self.config.labels[0], replace=False))
        network: Network | None = None
        history: list[dict[str, Any]] = []
        for number, count in enumerate(self.config.labels):
            if number > 0:
                assert network is not None
                rest = np.setdiff1d(pool, labelled, assume_unique=True)
                more = self._chosen(network, data.train.images, rest, count - len(labelled), generator)
                labelled = np.sort(np.concatenate([labelled, more]))
            network = self._trained(data, labelled, number, network if self.config.grows else None, machine)
            history.append(
                {
                    "epoch": number + 1,
                    "labels": count,
                    "accuracy": accuracy_of(network, data.test.images, data.test.labels),
                    "width": max(network.widths),
                }
            )
            report(history[-1])
        assert network is not None
        return Outcome(
            state="finished",
            is_final=True,
            history=history,
            test_accuracy=history[-1]["accuracy"],
            forward_multiply_adds=network.spec.forward_multiply_adds,
            seconds=time.monotonic() - began,
            peak_rss_bytes=peak_rss_bytes(),
        )

    def _trained(
        self, data: StudyData, labelled: NDArray[np.int64], number: int, before: Network | None, machine: Machine
    ) -> Network:
        """Return a network that was trained on some labelled images.

        Args:
            data: Has the images and their labels.
            labelled: Their indices, int64 [L].
            number: Of the round, from 0.
            before: The network of the round before, which is widened and trained further; None for a new one.
            machine: What the training runs on.
        """
        digits, split = repeated(data.train, labelled, self.config.images_per_epoch)
        setup = define_fixed_width(self.recipe, self.seed, self._neurons(number), digits, split)
        network = None if before is None else self._widened(before, setup.initial_spec.widths)
        training = start_training(setup, digits, split, data.pixels, machine, network=network)
        training.run(NoCheckpoints(), Monitors([]))
        return training.trained().network.to(choose_device(machine.device))

    def _neurons(self, number: int) -> int:
        """Return the number of neurons of the hidden layers in a round, which are counted from 0."""
        growth, last = self.recipe.growth, len(self.config.labels) - 1
        if not self.config.grows or number == last:
            return growth.max_neurons
        return growth.initial_neurons + (growth.max_neurons - growth.initial_neurons) * number // last

    def _widened(self, network: Network, widths: tuple[int, ...]) -> Network:
        counts = [after - before for before, after in zip(network.widths, widths, strict=True)]
        generator = torch.Generator().manual_seed(self.seed)
        [wider], _ = widen_together([network.train()], counts, operator_named(self.recipe.growth.operator), generator)
        return wider

    def _chosen(
        self,
        network: Network,
        images: NDArray[np.uint8],
        rest: NDArray[np.int64],
        count: int,
        generator: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Return which of the images without a label are to be labelled, int64 [count]."""
        if self.strategy == "random":
            return generator.choice(rest, count, replace=False)
        probabilities, features = outputs(network, images[rest], with_features=self.strategy == "badge")
        return rest[most_useful(self.strategy, probabilities, features, count, generator)]


def define_active_learning(config: ActiveConfig, recipe: Recipe, data: StudyData) -> list[ActiveLearner]:
    """Return the series of rounds of a study: one for each strategy and seed.

    Args:
        config: Strategies, seeds and numbers of labels.
        recipe: Of the trainings.
        data: Its training part is the pool.

    Raises:
        ValueError: There are fewer images than labels.
    """
    if len(data.split.train) < config.labels[-1]:
        raise ValueError(
            f"Parameter 'active.labels' goes up to {config.labels[-1]:,}, but {data.train.dataset} has "
            f"{len(data.split.train):,} training images; choose smaller numbers, or a larger set of digits"
        )
    seeds = range(recipe.training.seed, recipe.training.seed + config.seeds)
    return [
        ActiveLearner(
            strategy,
            seed,
            recipe,
            config,
            define_fixed_width(recipe, seed, recipe.growth.max_neurons, data.train, data.split),
        )
        for seed in seeds
        for strategy in config.strategies
    ]


def repeated(digits: Digits, chosen: NDArray[np.int64], images: int) -> tuple[Digits, Split]:
    """Return some digits as often as an epoch needs them, and once more as validation part.

    Nothing is chosen by the validation part: whoever has few labels learns from all of them.

    Args:
        digits: Labelled images.
        chosen: Their indices, int64 [L].
        images: Number of images of an epoch, which the repetitions come closest to.
    """
    times = max(1, round(images / len(chosen)))
    rows = np.tile(chosen, times + 1)
    train = np.arange(times * len(chosen))
    split = Split(train, np.arange(len(train), len(rows)))
    return replace(digits, images=np.asarray(digits.images[rows]), labels=digits.labels[rows]), split
