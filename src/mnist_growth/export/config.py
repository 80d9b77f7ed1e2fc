"""Parameters of the export."""

from typing import Literal

from pydantic import Field

from mnist_growth.config_model import ConfigModel


class ExportConfig(ConfigModel):
    """Group ``export`` of the parameters: export to ONNX."""

    calibration_digits: int = Field(ge=10, le=60_000)
    weight_bits: Literal[7, 8]
    max_accuracy_loss: float = Field(ge=0, le=1)
