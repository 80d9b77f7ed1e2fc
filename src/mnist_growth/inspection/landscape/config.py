"""Parameters of the landscape."""

from typing import Annotated

from pydantic import Field

from mnist_growth.config_model import ConfigModel

Positive = Annotated[float, Field(gt=0)]


class HessianConfig(ConfigModel):
    """How the curvature at the network is measured."""

    digits: int = Field(ge=10, le=10_000)
    tolerance: float = Field(gt=0, le=0.5)
    trace_probes: int = Field(ge=2, le=10_000)
    density_probes: int = Field(ge=2, le=1_000)
    density_steps: int = Field(ge=2, le=500)
    density_width: float = Field(gt=0, le=1)
    block_steps: int = Field(ge=2, le=500)
    sharpness_radius: float = Field(gt=0, le=100)
    sharpness_steps: int = Field(ge=1, le=1_000)
    noise_digits: int = Field(ge=10, le=100_000)
    noise_batches: int = Field(ge=3, le=100)


class GrowthCurvatureConfig(ConfigModel):
    """How the curvature before and after each growth is measured."""

    digits: int = Field(ge=10, le=10_000)
    steps: int = Field(ge=2, le=500)
    trace_probes: int = Field(ge=2, le=10_000)


class SurfaceConfig(ConfigModel):
    """The planes on which the loss is computed."""

    points: int = Field(ge=3, le=201)
    radius: float = Field(gt=0, le=100)
    margin: float = Field(ge=0, le=10)


class InterpolationConfig(ConfigModel):
    """The paths to another network."""

    network: str | None
    points: int = Field(ge=3, le=1_001)
    curve_steps: int = Field(ge=1, le=100_000)
    batch_size: int = Field(ge=2, le=10_000)
    learning_rate: Positive


class LandscapeConfig(ConfigModel):
    """Group ``landscape`` of the parameters: the loss around a network and along its training."""

    seed: int = Field(ge=0)
    digits: int = Field(ge=10, le=10_000)
    hessian: HessianConfig
    growth: GrowthCurvatureConfig
    surface: SurfaceConfig
    interpolation: InterpolationConfig
