"""Parameters of splitting and warping digits."""

from pydantic import Field

from mnist_growth.config_model import ConfigModel


class SplitConfig(ConfigModel):
    """How the labelled training images are divided into a training and a validation part."""

    validation_fraction: float = Field(gt=0, lt=1)
    """Share of each class that is held out for validation."""
    seed: int = Field(ge=0)
    """Seed of the draw; the same seed gives the same split."""


class WarpConfig(ConfigModel):
    """Strength of the random warps; each strength is the largest value, drawn uniformly from both sides of none."""

    enabled: bool
    """Whether training images are warped at all."""
    rotation_degrees: float = Field(ge=0, le=180)
    """Largest rotation, in degrees, either way."""
    scale: float = Field(ge=0, lt=1)
    """Largest relative change of width and of height, drawn separately: 0.12 is 88 % to 112 %."""
    shear_degrees: float = Field(ge=0, le=60)
    """Largest horizontal shear, in degrees, either way."""
    translation_pixels: float = Field(ge=0, le=28)
    """Largest shift along each axis, in pixels."""
    elastic_alpha_pixels: float = Field(ge=0, le=1000)
    """Elastic field: amplitude, in pixels, of the uniform noise before it is smoothed."""
    elastic_sigma_pixels: float = Field(ge=1, le=28)
    """Elastic field: standard deviation, in pixels, of the Gaussian that smooths the noise."""
    images_per_warp: int = Field(ge=1, le=4096)
    """Number of images in a batch that share one random warp; more are cheaper."""
    ease_from: float = Field(ge=0, le=1)
    """Share of the training's epochs after which the warps become weaker, linearly; 1: they never do."""
    final_strength: float = Field(ge=0, le=1)
    """Multiple of all strengths that they come down to at the end of the training."""
