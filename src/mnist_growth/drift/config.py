"""Parameters of the detection of drift."""

from typing import Self

from pydantic import Field, PositiveFloat, model_validator

from mnist_growth.config_model import ConfigModel


class DriftLimits(ConfigModel):
    """Limits of a feature; it has drifted if it exceeds any of them."""

    kl: PositiveFloat
    psi: PositiveFloat
    ks: float = Field(gt=0, le=1)


class DriftConfig(ConfigModel):
    """Group ``drift`` of the parameters: detection of drift."""

    reference_digits: int = Field(ge=100, le=60_000)
    bins: int = Field(ge=2, le=100)
    window: int = Field(ge=10, le=100_000)
    min_images: int = Field(ge=1, le=100_000)
    smoothing: float = Field(gt=0, le=100)
    style: DriftLimits
    prediction: DriftLimits

    @model_validator(mode="after")
    def _alarms_are_possible(self) -> Self:
        if self.min_images > self.window:
            raise ValueError(
                f"Parameter 'drift.min_images' is {self.min_images}, more than 'drift.window', {self.window}, so no "
                "window can raise an alarm; decrease the first or increase the second."
            )
        return self
