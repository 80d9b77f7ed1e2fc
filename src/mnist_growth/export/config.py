"""Parameters of the export."""

from typing import Literal

from pydantic import Field

from mnist_growth.config_model import ConfigModel


class ExportConfig(ConfigModel):
    """How a network is exported; group ``export`` of the parameters.

    Attributes:
        calibration_digits: Number of training digits on which the range of each layer's activations is measured.
        weight_bits: Bits of a quantised weight: 7, with which every processor computes the same, or 8 for processors
            that add products of bytes in 32 bits (VNNI, AMX); on others, 8-bit weights saturate.
        max_accuracy_loss: Share of the test digits by which the accuracy of the quantised network may be lower.
    """

    calibration_digits: int = Field(ge=10, le=60_000)
    weight_bits: Literal[7, 8]
    max_accuracy_loss: float = Field(ge=0, le=1)
