"""Parameters that all studies have in common."""

from typing import Annotated

from pydantic import Field

from mnist_growth.config_model import ConfigModel


class StudiesConfig(ConfigModel):
    """Group ``studies`` of the parameters."""

    workers: Annotated[int, Field(ge=1, le=1024)] | None
