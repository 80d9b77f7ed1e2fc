"""Parameters of the measurements of robustness."""

from typing import Annotated

from pydantic import Field

from mnist_growth.config_model import ConfigModel
from mnist_growth.digits.corruptions import CorruptionName
from mnist_growth.inspection.robustness.attacks import Attack, Norm
from mnist_growth.inspection.robustness.smoothing import Smoothing

_Epsilon = Annotated[float, Field(ge=0, le=1)]
_Length = Annotated[float, Field(ge=0, le=28)]  # the diagonal of the cube of all images
_Count = Annotated[int, Field(ge=1, le=10_000)]


class AttackConfig(ConfigModel):
    """Group ``robustness.attacks``."""

    epsilons: Annotated[tuple[_Epsilon, ...], Field(strict=False, min_length=1)]
    l2_epsilons: Annotated[tuple[_Length, ...], Field(strict=False, min_length=1)]
    steps: _Count
    restarts: _Count
    relative_step_size: Annotated[float, Field(gt=0, le=2)]
    checked_epsilon: Annotated[float, Field(gt=0, le=1)]
    checked_steps: Annotated[tuple[_Count, ...], Field(strict=False, min_length=1)]
    checked_restarts: _Count
    refinements: Annotated[int, Field(ge=0, le=1000)]

    def attack(self, norm: Norm, epsilon: float, seed: int) -> Attack:
        """Return the settings of projected gradient ascent."""
        return Attack(norm, epsilon, self.steps, self.relative_step_size * epsilon, self.restarts, seed)


class SurrogateConfig(ConfigModel):
    """Group ``robustness.surrogate``: the network of the black-box attack."""

    neurons: _Count
    epochs: _Count


class NoiseConfig(ConfigModel):
    """Group ``robustness.noise``."""

    gaussian: Annotated[tuple[_Epsilon, ...], Field(strict=False)]
    salt_and_pepper: Annotated[tuple[_Epsilon, ...], Field(strict=False)]


class BoundsConfig(ConfigModel):
    """Group ``robustness.bounds``."""

    search_points: _Count
    search_steps: _Count
    smoothed_digits: _Count
    smoothing_sigma: Annotated[float, Field(gt=0, le=10)]
    selection_samples: _Count
    samples: Annotated[int, Field(ge=1, le=1_000_000)]
    error_probability: Annotated[float, Field(gt=0, lt=0.5)]

    def smoothing(self, seed: int) -> Smoothing:
        """Return the settings of randomised smoothing."""
        return Smoothing(self.smoothing_sigma, self.selection_samples, self.samples, self.error_probability, seed)


class WeightNoiseConfig(ConfigModel):
    """Group ``robustness.weight_noise``."""

    levels: Annotated[tuple[Annotated[float, Field(ge=0, le=100)], ...], Field(strict=False, min_length=1)]
    repeats: _Count


class RobustnessConfig(ConfigModel):
    """Group ``robustness`` of the parameters: how much change of images and weights a network withstands."""

    digits: _Count
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    attacks: AttackConfig
    surrogate: SurrogateConfig
    noise: NoiseConfig
    corruptions: Annotated[tuple[CorruptionName, ...], Field(strict=False, min_length=1)]
    bounds: BoundsConfig
    weight_noise: WeightNoiseConfig
