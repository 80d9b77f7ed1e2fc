"""Parameters of novelty detection."""

from typing import Annotated

from pydantic import Field

from mnist_growth.config_model import ConfigModel


class NoveltyConfig(ConfigModel):
    """The ``novelty`` section of the parameters."""

    accepted_fraction: Annotated[float, Field(gt=0, lt=1)]
    digits: Annotated[int, Field(ge=100)]
    units: Annotated[int, Field(ge=1, le=4096)]
    epochs: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]
