"""Parameters of the report."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class ReportConfig(BaseModel):
    """What is measured and kept for the report; group ``report`` of the parameters.

    Attributes:
        png: Colours in which every figure is also kept as a PNG file; None for no PNG files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    png: Literal["light", "dark"] | None
