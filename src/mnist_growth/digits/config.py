"""Parameters of loading, splitting and warping digits."""

from typing import Literal

from pydantic import Field

from mnist_growth.config_model import ConfigModel

PreparationName = Literal["auto", "mnist", "as_is"]
"""Forms of the images of a data set, and the choice by its images."""


class ArchiveParameters(ConfigModel):
    """Group ``archive`` of the parameters: the user's own digits, and the preparation of all data sets."""

    path: str | None
    test_fraction: float | None = Field(gt=0, lt=1)
    resize: bool
    transposed: bool | None
    preparation: PreparationName


class SplitConfig(ConfigModel):
    """Group ``split`` of the parameters: the split of the training digits into a training and a validation part."""

    validation_fraction: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)


class WarpConfig(ConfigModel):
    """Group ``warps`` of the parameters: random warps of the training images."""

    enabled: bool
    rotation_degrees: float = Field(ge=0, le=180)
    scale: float = Field(ge=0, lt=1)
    shear_degrees: float = Field(ge=0, le=60)
    translation_pixels: float = Field(ge=0, le=28)
    elastic_alpha_pixels: float = Field(ge=0, le=1000)
    elastic_sigma_pixels: float = Field(ge=1, le=28)
    images_per_warp: int = Field(ge=1, le=4096)
    ease_from: float = Field(ge=0, le=1)
    final_strength: float = Field(ge=0, le=1)
