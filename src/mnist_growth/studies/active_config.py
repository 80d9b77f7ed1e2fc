"""Parameters of active learning."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from mnist_growth.config_model import ConfigModel
from mnist_growth.studies.acquisition import StrategyName

BASELINE: StrategyName = "random"
"""The strategy that the others are compared with."""


class ActiveConfig(ConfigModel):
    """Group ``active`` of the parameters."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # a folder may be named 2026

    recipe: dict[str, dict[str, Any]]
    strategies: Annotated[tuple[StrategyName, ...], Field(strict=False, min_length=1)]
    labels: Annotated[tuple[int, ...], Field(strict=False, min_length=1)]
    seeds: Annotated[int, Field(ge=1)]
    images_per_epoch: Annotated[int, Field(ge=1)]
    grows: bool
    goal: Annotated[float, Field(gt=0, lt=1)]
    folder: Annotated[str, Field(strict=False)] | None
    images: Annotated[int, Field(ge=1)]
    strategy: StrategyName

    @model_validator(mode="after")
    def _strategies_are_different(self) -> Self:
        if len(set(self.strategies)) < len(self.strategies):
            raise ValueError(
                f"Parameter 'active.strategies' is {list(self.strategies)}; expected each strategy only once."
            )
        return self

    @model_validator(mode="after")
    def _labels_increase(self) -> Self:
        if self.labels[0] < 2 or any(
            after <= before for before, after in zip(self.labels, self.labels[1:], strict=False)
        ):
            raise ValueError(
                f"Parameter 'active.labels' is {list(self.labels)}; expected increasing numbers of at least 2."
            )
        return self
