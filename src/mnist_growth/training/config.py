"""Parameters of training."""

from typing import Annotated, Literal

import torch
from pydantic import Field

from mnist_growth.config_model import ConfigModel
from mnist_growth.machine import PrecisionName


class LearningRateConfig(ConfigModel):
    """How the learning rate moves: linear warm-up, then a fall."""

    schedule: Literal["cosine", "decay"]
    warmup_epochs: Annotated[float, Field(ge=0)]
    decay: Annotated[float, Field(gt=0, le=1)]
    patience: Annotated[float, Field(gt=0)]
    floor: Annotated[float, Field(ge=0)]


class TrainingConfig(ConfigModel):
    """One training run."""

    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=2)]
    micro_batch_size: Annotated[int, Field(ge=1)] | None
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    learning_rate_schedule: LearningRateConfig
    weight_decay: Annotated[float, Field(ge=0, lt=1)]
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    ema_decay: Annotated[float, Field(ge=0, lt=1)]
    checkpoint_seconds: Annotated[float, Field(gt=0)]
    precision: PrecisionName
    seed: Annotated[int, Field(ge=0, lt=2**63)]

    @property
    def product_dtype(self) -> torch.dtype | None:
        """Dtype of the matrix products; None for that of the weights."""
        return torch.bfloat16 if self.precision == "bfloat16" else None
