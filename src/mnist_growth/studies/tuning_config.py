"""Parameters of the search for the best parameters."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from mnist_growth.config_model import ConfigModel

ObjectiveName = Literal[
    "validation_loss",
    "validation_error",
    "multiply_adds",
    "forward_multiply_adds",
    "parameters",
    "seconds",
    "peak_rss_bytes",
]
Choice = str | bool | int | float
Number = int | float


class SearchedParameter(ConfigModel):
    """A parameter and the values among which it is searched.

    Attributes:
        name: Dotted name.
        low: Smallest value.
        high: Largest value.
        log: Whether the scale is logarithmic.
        step: Distance of the values; None: any value, or every integer.
        choices: The values, in place of a range; empty for a range.
    """

    name: str
    low: Number | None = None
    high: Number | None = None
    log: bool = False
    step: Number | None = None
    choices: Annotated[tuple[Choice, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        has_range = self.low is not None and self.high is not None
        if has_range == bool(self.choices):
            raise ValueError(
                f"Parameter 'tune.search_space' has {self.name} with neither or both of a range and choices; expected "
                "low and high, or choices."
            )
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(
                f"Parameter 'tune.search_space' has an empty range for {self.name}, {self.low} to {self.high}; "
                "expected low below high."
            )
        if self.log and (not self.low or self.low <= 0 or self.step is not None):
            raise ValueError(
                f"Parameter 'tune.search_space' has log for {self.name}; expected low above 0, and no step."
            )
        if self.step is not None and self.step <= 0:
            raise ValueError(
                f"Parameter 'tune.search_space' has step {self.step} for {self.name}; expected more than 0."
            )
        return self

    @property
    def examples(self) -> tuple[Any, ...]:
        """Values at the ends of the range, or all choices."""
        return self.choices or (self.low, self.high)


class TuneConfig(ConfigModel):
    """Group ``tune`` of the parameters."""

    trials: Annotated[int, Field(ge=1)]
    recipe: dict[str, dict[str, Any]]
    search_space: Annotated[tuple[SearchedParameter, ...], Field(strict=False)]
    objectives: Annotated[tuple[ObjectiveName, ...], Field(strict=False, min_length=1)]
    sampler: Literal["tpe", "random"]
    pruner: Literal["median", "successive_halving", "none"]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    max_forward_multiply_adds: Annotated[int, Field(ge=1)] | None
    max_peak_rss_bytes: Annotated[int, Field(ge=1)] | None
    study: Annotated[str, Field(min_length=1)]
    storage: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters that are searched."""
        return tuple(parameter.name for parameter in self.search_space)

    @model_validator(mode="after")
    def _searches_different_parameters(self) -> Self:
        if not self.names or len(set(self.names)) < len(self.names):
            raise ValueError(
                f"Parameter 'tune.search_space' has the names {list(self.names)}; expected one or more different ones."
            )
        return self

    @model_validator(mode="after")
    def _pruning_has_one_objective(self) -> Self:
        if self.pruner != "none" and (len(self.objectives) > 1 or not self.objectives[0].startswith("validation")):
            raise ValueError(
                f"Parameter 'tune.pruner' is {self.pruner!r}, but 'tune.objectives' is {list(self.objectives)}; "
                "trainings can be stopped early by validation_loss or validation_error alone: set tune.pruner=none."
            )
        return self
