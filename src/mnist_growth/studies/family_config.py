"""Parameters of a family of networks."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from mnist_growth.config_model import ConfigModel
from mnist_growth.network import Width


class FamilyConfig(ConfigModel):
    """Group ``family`` of the parameters."""

    widths: Annotated[tuple[Width, ...], Field(strict=False, min_length=1)]
    trunk_epochs: Annotated[int, Field(ge=1)]
    cool_down_epochs: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _widths_increase(self) -> Self:
        if any(second <= first for first, second in pairwise(self.widths)):
            raise ValueError(
                f"Parameter 'family.widths' is {list(self.widths)}; expected each width to be larger than the one "
                "before."
            )
        return self
