"""Parameters of the report."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ReportConfig(BaseModel):
    """What is measured and kept for the report; group ``report`` of the parameters.

    Attributes:
        unit_digits: Number of test digits on which the activity of the hidden units is measured.
        png: Colours in which every figure is also kept as a PNG file; None for no PNG files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit_digits: int = Field(ge=2, le=10000)
    png: Literal["light", "dark"] | None
