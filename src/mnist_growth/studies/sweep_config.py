"""Parameters of a sweep."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from mnist_growth.config_model import ConfigModel


class SweptParameter(ConfigModel):
    """A parameter of a sweep and its values.

    Attributes:
        name: Dotted name.
        values: Numbers.
        documented: Documented range of good values, from its smallest to its largest; None: there is none.
    """

    name: str
    values: Annotated[tuple[int | float, ...], Field(strict=False)]
    documented: Annotated[tuple[float, float], Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        if not self.values or len(set(self.values)) < len(self.values):
            raise ValueError(
                f"Parameter 'sweep.parameters' has the values {list(self.values)} for {self.name}; expected one or "
                "more different numbers."
            )
        return self


class SweepConfig(ConfigModel):
    """Group ``sweep`` of the parameters."""

    recipe: dict[str, dict[str, Any]]
    design: Literal["one_at_a_time", "grid"]
    pairs: Annotated[tuple[Annotated[tuple[str, str], Field(strict=False)], ...], Field(strict=False)]
    seeds: Annotated[int, Field(ge=1)]
    parameters: Annotated[tuple[SweptParameter, ...], Field(strict=False)]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    @model_validator(mode="after")
    def _parameters_are_different(self) -> Self:
        if not self.names or len(set(self.names)) < len(self.names):
            raise ValueError(
                f"Parameter 'sweep.parameters' has the names {list(self.names)}; expected one or more different ones."
            )
        return self

    @model_validator(mode="after")
    def _pairs_are_known(self) -> Self:
        for pair in self.pairs:
            if not set(pair) <= set(self.names) or len(set(pair)) < len(pair):
                raise ValueError(
                    f"Parameter 'sweep.pairs' has the pair {list(pair)}; expected two of sweep.parameters, which are "
                    f"{', '.join(self.names)}."
                )
        return self
