"""Descriptions of networks: what a user asks for, and what is needed to build one."""

import itertools
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationInfo, model_validator

from mnist_growth.config_model import ConfigModel
from mnist_growth.digits.digits import MAX_CLASSES, NUM_CLASSES
from mnist_growth.digits.statistics import PixelStatistics
from mnist_growth.network.costs import LayerCost
from mnist_growth.network.interface import Network
from mnist_growth.network.kinds import kind_named, registered_kinds

Width = Annotated[int, Field(ge=1, le=65536)]
"""Number of units of a group."""


class _Union(BaseModel):
    """A model that validates a mapping as the class of the kind that its field ``kind`` names.

    A direct subclass is the union of the classes of all kinds, which ``NetworkKind`` has in its field ``_member``.
    """

    kind: str
    _member: ClassVar[str]

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_kind(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if info.mode == "json" and isinstance(value, Mapping):  # a file is complete: defaults are for callers
            missing = [name for name in cls.model_fields if name not in value]
            if missing:
                raise ValueError(f"{missing[0]} is missing")
        if _Union in cls.__bases__ and isinstance(value, Mapping) and "kind" in value:
            model: type[Self] = getattr(kind_named(value["kind"]), cls._member)
            return model.model_validate(model._own(value))
        return handler(value)

    @classmethod
    def _own(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the entries that this class is validated with."""
        return value


class NetworkConfig(ConfigModel, _Union):
    """Architecture that a user chooses; group ``network`` of the parameters. Growth does not change it.

    The group has the parameters of all kinds; those of other kinds are checked and left out. A kind keeps its
    parameters in a model of its own, in a field that is named like the kind, so that those of two kinds are not
    confused.
    """

    _member = "config"

    @classmethod
    def _own(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        others: set[str] = set()
        for kind in registered_kinds():
            names = kind.config.model_fields.keys() - cls.model_fields.keys()
            if names and names <= value.keys():
                kind.config.model_validate({name: value[name] for name in names} | {"kind": kind.name})
            others |= names
        return {name: entry for name, entry in value.items() if name not in others}

    def spec(self, neurons: int) -> "NetworkSpec":
        """Return the network at the start of a training.

        Args:
            neurons: Number of neurons of every group of units that can grow.
        """
        raise NotImplementedError(f"The configuration of network kind {self.kind!r} does not define a spec")


class NetworkSpec(_Union):
    """All that is needed to build a network except its weights; written into the header of its file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    _member = "spec"

    classes: Annotated[int, Field(ge=2, le=MAX_CLASSES)] = NUM_CLASSES
    """Number of classes, which is the number of logits."""

    @property
    @abstractmethod
    def widths(self) -> tuple[int, ...]:
        """Sizes of the groups of units that can grow, in the order of ``Network.unit_groups``."""

    @abstractmethod
    def with_widths(self, widths: Sequence[int]) -> Self:
        """Return the same network with other sizes; another number of sizes means another number of layers.

        Raises:
            ValueError: There is no such network.
        """

    def with_classes(self, classes: int) -> Self:
        """Return the same network for another number of classes."""
        return self.model_copy(update={"classes": classes})

    @abstractmethod
    def costs(self) -> tuple[LayerCost, ...]:
        """Return the cost of each layer, from the input to the output."""

    @property
    def untrained(self) -> "NetworkSpec":
        """The network of these widths that can be trained from random weights: the same, unless weights are packed."""
        return self

    @property
    def min_batch_size(self) -> int:
        """Smallest number of images that the network can train on at once."""
        return 1

    @property
    def forward_multiply_adds(self) -> int:
        """Multiply-adds of the matrix products that map one image to its logits."""
        return sum(cost.multiply_adds for cost in self.costs())

    @property
    def training_multiply_adds(self) -> int:
        """Multiply-adds of a forward and a backward pass of one image."""
        return sum(cost.training_multiply_adds for cost in self.costs())

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return sum(cost.parameters for cost in self.costs())

    @property
    def unit_sizes(self) -> tuple[int, ...]:
        """Neurons of one unit of each group: 1, unless a unit has several, such as an attention head or a capsule."""
        return (1,) * len(self.widths)

    @property
    def neurons(self) -> tuple[int, ...]:
        """Neurons of each group, which the parameters of growth count."""
        return tuple(width * size for width, size in zip(self.widths, self.unit_sizes, strict=True))

    @property
    def groups_per_layer(self) -> int:
        """Groups of units that a deeper network has more; they are like the last ones, and come after them."""
        return 1

    def with_neurons(self, neurons: Sequence[int]) -> Self:
        """Return the same network with other numbers of neurons in each group, rounded down to at least one unit.

        Args:
            neurons: One number for each group; more numbers mean more layers, with units like those of the last one.

        Raises:
            ValueError: There is no such network.
        """
        of_a_layer = itertools.cycle(self.unit_sizes[-self.groups_per_layer :])
        sizes = itertools.chain(self.unit_sizes, of_a_layer)
        return self.with_widths([max(1, number // size) for number, size in zip(neurons, sizes, strict=False)])

    def with_equal_neurons(self, neurons: int) -> Self:
        """Return the same network with as many neurons in every group, rounded down to at least one unit."""
        return self.with_neurons([neurons] * len(self.widths))


def build(spec: NetworkSpec, pixels: PixelStatistics, generator: torch.Generator | None = None) -> Network:
    """Make a network with random weights, on the CPU.

    Args:
        spec: Kind and sizes.
        pixels: Mean and standard deviation of the training pixels; the network normalises its inputs with them.
        generator: Source of the weights; torch's global one if None.
    """
    return kind_named(spec.kind).build(spec, pixels, generator)
