"""Parameters of the report."""

from typing import Literal

from mnist_growth.config_model import ConfigModel


class ReportConfig(ConfigModel):
    """Group ``report`` of the parameters: report of a run."""

    png: Literal["light", "dark"] | None
