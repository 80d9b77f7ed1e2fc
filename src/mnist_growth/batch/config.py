"""Parameters of the prediction of many images."""

from typing import Annotated

from pydantic import ConfigDict, Field

from mnist_growth.config_model import ConfigModel


class PredictConfig(ConfigModel):
    """What is predicted; group ``predict`` of the parameters.

    Attributes:
        folder: A folder of images, an IDX file of images or a parquet table, relative to the current directory.
        strict: Stop at the first image that cannot be read, instead of reporting and skipping it.
    """

    model_config = ConfigDict(coerce_numbers_to_str=True)  # a folder may be named 2026

    folder: Annotated[str, Field(strict=False)] | None
    strict: bool
