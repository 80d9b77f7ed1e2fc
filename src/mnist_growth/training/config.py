"""Parameters of training."""

from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field

from mnist_growth.machine import PrecisionName


class LearningRateConfig(BaseModel):
    """How the learning rate moves: linear warm-up, then a fall."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schedule: Literal["cosine", "decay"] = "cosine"
    warmup_epochs: Annotated[float, Field(ge=0)] = 1.0
    decay: Annotated[float, Field(gt=0, le=1)] = 0.5
    patience: Annotated[float, Field(gt=0)] = 10.0
    floor: Annotated[float, Field(ge=0)] = 0.0


class TrainingConfig(BaseModel):
    """One training run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: Annotated[int, Field(ge=1)] = 50
    batch_size: Annotated[int, Field(ge=2)] = 256
    micro_batch_size: Annotated[int, Field(ge=1)] | None = None
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 2e-3
    learning_rate_schedule: LearningRateConfig = LearningRateConfig()
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.01
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.999
    checkpoint_seconds: Annotated[float, Field(gt=0)] = 30.0
    precision: PrecisionName = "float32"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    @property
    def product_dtype(self) -> torch.dtype | None:
        """Dtype of the matrix products; None for that of the weights."""
        return torch.bfloat16 if self.precision == "bfloat16" else None
