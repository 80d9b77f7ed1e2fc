"""Descriptions of networks: what a user asks for, and what is needed to build one."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, model_validator

from mnist_growth.config_model import ConfigModel
from mnist_growth.digits.statistics import PixelStatistics
from mnist_growth.network.costs import LayerCost
from mnist_growth.network.interface import Network
from mnist_growth.network.kinds import kind_named

Width = Annotated[int, Field(ge=1, le=65536)]
"""Number of units of a group."""


class NetworkConfig(ConfigModel):
    """Architecture that a user chooses; group ``network`` of the parameters. Growth does not change it.

    This class is the union of the configurations of all kinds: it validates a mapping as the configuration of the kind
    that the field ``kind`` names.
    """

    kind: str

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_kind(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if cls is NetworkConfig and isinstance(value, Mapping) and "kind" in value:
            config: Any = kind_named(value["kind"]).config.model_validate(value)
            return config  # type: ignore[no-any-return]
        return handler(value)

    def spec(self, neurons: int) -> "NetworkSpec":
        """Return the network at the start of a training.

        Args:
            neurons: Size of every group of units that can grow.
        """
        raise NotImplementedError(f"The configuration of kind {self.kind!r} does not say how to start with {neurons}")


class NetworkSpec(BaseModel):
    """All that is needed to build a network except its weights; written into the header of its file.

    This class is the union of the specs of all kinds: it validates a mapping as the spec of the kind that the field
    ``kind`` names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_kind(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if cls is NetworkSpec and isinstance(value, Mapping) and "kind" in value:
            spec: Any = kind_named(value["kind"]).spec.model_validate(value)
            return spec  # type: ignore[no-any-return]
        return handler(value)

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

    @abstractmethod
    def costs(self) -> tuple[LayerCost, ...]:
        """Return the cost of each layer, from the input to the output."""

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

    def with_equal_widths(self, width: int) -> Self:
        """Return the same network with all groups of units of one size."""
        return self.with_widths([width] * len(self.widths))


def build(spec: NetworkSpec, pixels: PixelStatistics, generator: torch.Generator | None = None) -> Network:
    """Make a network with random weights, on the CPU.

    Args:
        spec: Kind and sizes.
        pixels: Mean and standard deviation of the training pixels; the network normalises its inputs with them.
        generator: Source of the weights; torch's global one if None.
    """
    return kind_named(spec.kind).build(spec, pixels, generator)
