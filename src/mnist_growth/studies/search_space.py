"""Which trainings a search for architectures can choose from."""

from dataclasses import replace
from typing import Any

from mnist_growth.digits import Digits, Split
from mnist_growth.growth import without_growth
from mnist_growth.network import MLPSpec
from mnist_growth.studies.cool_down import Member, cool_down
from mnist_growth.studies.search_config import MethodName, SearchConfig
from mnist_growth.studies.search_trials import Architecture, LayerByLayer, Pruned
from mnist_growth.studies.trial import Recipe, Trial
from mnist_growth.training import TrainingSetup, batches_per_epoch


class SearchSpace:
    """Defines the trainings of a search: all of the same recipe, digits and seed.

    Args:
        config: Widths, depths, and the stages of growth.
        recipe: The other parameters.
        digits: Training digits.
        split: Into training and validation part.
        seed: Of all trainings.

    Raises:
        ValueError: The network is not a perceptron, or a value is not allowed.
    """

    def __init__(self, config: SearchConfig, recipe: Recipe, digits: Digits, split: Split, seed: int) -> None:
        if recipe.network.kind != "mlp":
            raise ValueError(
                f"Parameter 'network.kind' is {recipe.network.kind!r}, but the search for architectures varies the "
                "hidden layers of a multilayer perceptron; set network.kind=mlp."
            )
        self._config, self._recipe, self._digits, self._split = config, recipe, digits, split
        self.seed = seed
        batch_size = recipe.training.batch_size
        self.images = min(batches_per_epoch(len(split.train), batch_size) * batch_size, len(split.train))
        self._largest = self._setup(config.max_hidden_layers, config.max_width)

    def spec(self, *widths: int) -> MLPSpec:
        """Return the network of some widths."""
        spec = self._largest.initial_spec.with_widths(widths)
        assert isinstance(spec, MLPSpec)
        return spec

    @property
    def widest(self) -> MLPSpec:
        """The network with most multiply-adds."""
        return self.spec(*[self._config.max_width] * self._config.max_hidden_layers)

    def architecture(self, method: MethodName, number: int, widths: tuple[int, ...]) -> Architecture:
        """Return the training of a network of some widths.

        Args:
            method: That has chosen them.
            number: Of the training within its search, from 1.
            widths: Of the hidden layers.
        """
        return Architecture(
            {**self._changes(method, number), "widths": "-".join(map(str, widths))},
            replace(self._largest, growth=without_growth(self._largest.growth)),
            spec=self.spec(*widths),
            images=self.images,
            widest=self._largest,
        )

    def trunk(self, limits: tuple[int, ...], folder: Any) -> LayerByLayer:
        """Return the training of the network that grows.

        Args:
            limits: Largest number of multiply-adds of an image in each stage.
            folder: Of the study, for checkpoints and networks.
        """
        growth, setup = self._config.growth, self._setup(self._config.growth.hidden_layers, self._config.min_width)
        schedule = setup.training.learning_rate_schedule.model_copy(update={"schedule": "decay", "decay": 1.0})
        training = setup.training.model_copy(
            update={"epochs": growth.stage_epochs * len(limits), "learning_rate_schedule": schedule}
        )
        warps = setup.warps.model_copy(update={"ease_from": 1.0})
        return LayerByLayer(
            {**self._changes("growth", 0), "part": "trunk"},
            replace(setup, training=training, warps=warps),
            folder=folder,
            stage_epochs=growth.stage_epochs,
            limits=limits,
            max_width=self._config.max_width,
            width_step=self._config.width_step,
            importance=growth.importance,
            probe_digits=growth.probe_digits,
            widest=self._largest,
        )

    def grown(self, trunk: LayerByLayer, stage: int) -> Member:
        """Return the cool-down of the network at the end of a stage, which are counted from 0."""
        epochs = trunk.stage_epochs * (stage + 1)
        setup = cool_down(trunk.setup, self._recipe.warps, epochs, self._config.growth.cool_down_epochs)
        return Member({**self._changes("growth", stage + 1), "part": "grown"}, setup, trunk=trunk, epochs=epochs)

    def pruned(self, trunk: LayerByLayer, number: int, limit: int) -> Pruned:
        """Return the cool-down of a narrower copy of the network at the end of the last stage.

        Args:
            trunk: The training that has grown.
            number: Of the training within its search, from 1.
            limit: Largest number of multiply-adds of an image.
        """
        last = self.grown(trunk, len(trunk.limits) - 1)
        return Pruned(
            {**self._changes("growth", number), "part": "pruned"},
            last.setup,
            trunk=trunk,
            epochs=last.epochs,
            limit=limit,
            min_width=self._config.min_width,
        )

    def _changes(self, method: MethodName, number: int) -> dict[str, Any]:
        return {"method": method, "training.seed": self.seed, "number": number}

    def _setup(self, hidden_layers: int, width: int) -> TrainingSetup:
        """Return what defines the training of a network whose layers have one width."""
        fixed: dict[str, Any] = {
            "network.hidden_layers": hidden_layers,
            "growth.trigger": "schedule",
            "growth.plan": [],
            "growth.initial_neurons": width,
            "growth.max_neurons": width,
            "training.seed": self.seed,
        }
        return Trial.define(self._recipe, fixed, self._digits, self._split).setup
