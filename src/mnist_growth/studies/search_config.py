"""Parameters of the search for architectures."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from mnist_growth.compression import ImportanceName
from mnist_growth.config_model import ConfigModel
from mnist_growth.network import Width

MethodName = Literal["growth", "evolution", "random"]

BASELINE: MethodName = "random"
"""The method that the others are compared with."""


class GrowthSearchConfig(ConfigModel):
    """Group ``search.growth`` of the parameters."""

    budget_share: Annotated[float, Field(gt=0, le=1)]
    hidden_layers: Annotated[int, Field(ge=1, le=16)]
    stage_factor: Annotated[float, Field(gt=1)]
    stage_epochs: Annotated[int, Field(ge=1)]
    cool_down_epochs: Annotated[int, Field(ge=1)]
    pruned_shares: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(strict=False)]
    importance: ImportanceName
    probe_digits: Annotated[int, Field(ge=2)]


class SearchConfig(ConfigModel):
    """Group ``search`` of the parameters."""

    recipe: dict[str, dict[str, Any]]
    methods: Annotated[tuple[MethodName, ...], Field(strict=False, min_length=1)]
    seeds: Annotated[int, Field(ge=1)]
    budget_multiply_adds: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    min_width: Width
    max_width: Width
    width_step: Width
    min_hidden_layers: Annotated[int, Field(ge=1, le=16)]
    max_hidden_layers: Annotated[int, Field(ge=1, le=16)]
    population: Annotated[int, Field(ge=2)]
    reference_error: Annotated[float, Field(gt=0, lt=1)]
    growth: GrowthSearchConfig

    @model_validator(mode="after")
    def _methods_are_different(self) -> Self:
        if len(set(self.methods)) < len(self.methods):
            raise ValueError(f"Parameter 'search.methods' is {list(self.methods)}; expected each method only once.")
        return self

    @model_validator(mode="after")
    def _there_are_networks(self) -> Self:
        if self.max_width < self.min_width:
            raise ValueError(
                f"Parameter 'search.max_width' is {self.max_width}, less than 'search.min_width', {self.min_width}; "
                "increase the first or decrease the second."
            )
        if self.min_width % self.width_step or self.max_width % self.width_step:
            raise ValueError(
                f"Parameters 'search.min_width' and 'search.max_width' are {self.min_width} and {self.max_width}; "
                f"expected multiples of 'search.width_step', {self.width_step}."
            )
        if self.max_hidden_layers < self.min_hidden_layers:
            raise ValueError(
                f"Parameter 'search.max_hidden_layers' is {self.max_hidden_layers}, less than "
                f"'search.min_hidden_layers', {self.min_hidden_layers}; increase the first or decrease the second."
            )
        if not self.min_hidden_layers <= self.growth.hidden_layers <= self.max_hidden_layers:
            raise ValueError(
                f"Parameter 'search.growth.hidden_layers' is {self.growth.hidden_layers}; expected "
                f"'search.min_hidden_layers' to 'search.max_hidden_layers', {self.min_hidden_layers} to "
                f"{self.max_hidden_layers}."
            )
        return self
