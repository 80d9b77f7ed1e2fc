"""Parameters of the report."""

from typing import Literal

from pydantic import Field

from mnist_growth.config_model import ConfigModel


class ReportConfig(ConfigModel):
    """What is measured and kept for the report; group ``report`` of the parameters.

    Attributes:
        unit_digits: Number of test digits on which the activity of the hidden units is measured.
        png: Colours in which every figure is also kept as a PNG file; None for no PNG files.
    """

    unit_digits: int = Field(ge=2, le=10000)
    png: Literal["light", "dark"] | None
