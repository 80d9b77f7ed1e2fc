"""Parameters of the report."""

from typing import Literal

from mnist_growth.config_model import ConfigModel


class ReportConfig(ConfigModel):
    """What is kept for the report; group ``report`` of the parameters.

    Attributes:
        png: Colours in which every figure is also kept as a PNG file; None for no PNG files.
    """

    png: Literal["light", "dark"] | None
