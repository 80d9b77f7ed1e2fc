"""Parameters of the prediction of many images."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from mnist_growth.config_model import ConfigModel


class PredictConfig(ConfigModel):
    """Group ``predict`` of the parameters: prediction of many images."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # a folder may be named 2026

    engine: Literal["process", "ray"]
    folder: Annotated[str, Field(strict=False)] | None
    transposed: bool | None
    strict: bool
    min_confidence: float = Field(ge=0, le=1)
    max_pixels: int = Field(ge=784, le=1_000_000_000)
