"""Parameters of the export."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ExportConfig(BaseModel):
    """How a network is exported; group ``export`` of the parameters.

    Attributes:
        calibration_digits: Number of training digits on which the range of each layer's activations is measured.
        weight_bits: Bits of a quantised weight: 8, or 7 for processors whose 8-bit products saturate.
        most_accuracy_lost: Share of the test digits by which the accuracy of the quantised network may be lower.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calibration_digits: int = Field(ge=10, le=60_000)
    weight_bits: Literal[7, 8]
    most_accuracy_lost: float = Field(ge=0, le=1)
