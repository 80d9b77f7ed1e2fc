"""Parameters of compression."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from mnist_growth.compression.sparsity import SparsityConfig
from mnist_growth.compression.units import NarrowingConfig
from mnist_growth.config_model import ConfigModel
from mnist_growth.learning import DistillationConfig
from mnist_growth.network import WEIGHT_BITS, Width


class Recipe(ConfigModel):
    """How one candidate is made; a step that a recipe does not name is left out.

    The steps are done in the order of the fields below, each with ``epochs`` epochs of training.

    Attributes:
        name: Name of the candidate in tables and figures.
        student: Widths of a network with random weights that learns from the source network.
        units: Share of the units that is left after whole units were pruned.
        sparsity: Share of the weights of matrices that are zero after single weights were pruned, or ``2:4``: two of
            every four consecutive inputs of a unit.
        weight_bits: Bits of the quantised weights; the output layer has 8.
        activation_bits: Bits of the quantised outputs of hidden layers.
        epochs: Epochs of each step; 0 quantises, or removes units, without training.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    student: Annotated[tuple[Width, ...], Field(strict=False, min_length=1)] | None = None
    units: Annotated[float, Field(gt=0, lt=1)] | None = None
    sparsity: Annotated[float, Field(gt=0, lt=1)] | Literal["2:4"] | None = None
    weight_bits: int | None = None
    activation_bits: int | None = None
    epochs: Annotated[int, Field(ge=0, le=1000)] | None = None

    @field_validator("weight_bits")
    @classmethod
    def _are_supported(cls, bits: int | None) -> int | None:
        if bits not in (None, *WEIGHT_BITS):
            *first, last = map(str, WEIGHT_BITS)
            raise ValueError(
                f"A recipe in 'compress.variants' has weight_bits {bits}, which is not supported; set "
                f"{', '.join(first)} or {last}."
            )
        return bits

    @field_validator("activation_bits")
    @classmethod
    def _are_eight(cls, bits: int | None) -> int | None:
        if bits not in (None, 8):
            raise ValueError(
                f"A recipe in 'compress.variants' has activation_bits {bits}, which is not supported; set 8, or leave "
                "it out."
            )
        return bits

    @model_validator(mode="after")
    def _training_takes_epochs(self) -> Self:
        if self.epochs == 0 and (self.student or self.sparsity):
            raise ValueError(
                f"The recipe {self.name!r} in 'compress.variants' has epochs 0, but its "
                f"{'student' if self.student else 'sparsity'} needs training; set 1 or more, or leave out epochs."
            )
        return self

    @model_validator(mode="after")
    def _activations_need_weights(self) -> Self:
        if self.activation_bits is not None and self.weight_bits is None:
            raise ValueError(
                f"The recipe {self.name!r} in 'compress.variants' has activation_bits but no weight_bits; set both, or "
                "leave out activation_bits."
            )
        return self


class PruningConfig(ConfigModel):
    """How networks are pruned and students trained."""

    epochs: Annotated[int, Field(ge=1, le=1000)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    warmup_epochs: Annotated[float, Field(ge=0)]
    ema_decay: Annotated[float, Field(ge=0, lt=1)]
    units: NarrowingConfig
    weights: SparsityConfig


class CompressConfig(ConfigModel):
    """Group ``compress`` of the parameters: smaller and faster networks from a trained one."""

    max_bytes: Annotated[int, Field(ge=1)] | None
    max_milliseconds: Annotated[float, Field(gt=0)] | None
    max_accuracy_loss: Annotated[float, Field(ge=0, le=1)] | None
    epochs: Annotated[int, Field(ge=1, le=1000)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    ema_decay: Annotated[float, Field(ge=0, lt=1)]
    calibration_digits: Annotated[int, Field(ge=10, le=60_000)]
    latency_calls: Annotated[int, Field(ge=1, le=100_000)]
    pruning: PruningConfig
    distillation: DistillationConfig
    teachers: Annotated[tuple[str, ...], Field(strict=False)]
    variants: Annotated[tuple[Recipe, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [recipe.name for recipe in self.variants]
        repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if repeated:
            raise ValueError(
                f"Parameter 'compress.variants' has several recipes of the name {repeated[0]!r}; give each its own."
            )
        return self
