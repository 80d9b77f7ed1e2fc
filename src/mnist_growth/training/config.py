"""Parameters of training."""

from itertools import pairwise
from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator

from mnist_growth.config_model import ConfigModel
from mnist_growth.learning import AdversarialConfig, LossName
from mnist_growth.machine import PrecisionName


class LearningRateConfig(ConfigModel):
    """Change of the learning rate over the training."""

    schedule: Literal["cosine", "decay"]
    warmup_epochs: Annotated[float, Field(ge=0)]
    decay: Annotated[float, Field(gt=0, le=1)]
    patience: Annotated[float, Field(gt=0)]
    floor: Annotated[float, Field(ge=0)]


class BatchSizeStep(ConfigModel):
    """A size of the batches from one epoch on.

    Attributes:
        epoch: Number of epochs completed before this step.
        batch_size: Images per update.
    """

    epoch: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=2)]


class BatchSizeConfig(ConfigModel):
    """Change of the batch size over the training."""

    schedule: Literal["fixed", "steps", "noise_scale"]
    steps: Annotated[tuple[BatchSizeStep, ...], Field(strict=False)]
    noise_share: Annotated[float, Field(gt=0, le=100)]
    max_batch_size: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _epochs_ascend(self) -> Self:
        epochs = [step.epoch for step in self.steps]
        if any(first >= second for first, second in pairwise(epochs)):
            raise ValueError(
                f"Parameter 'training.batch_size_schedule.steps' has the epochs {', '.join(map(str, epochs))}; "
                "expected each to be larger than the one before."
            )
        return self


class TrainingConfig(ConfigModel):
    """Group ``training`` of the parameters: optimization."""

    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=2)]
    batch_size_schedule: BatchSizeConfig
    micro_batch_size: Annotated[int, Field(ge=1)] | None
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    learning_rate_schedule: LearningRateConfig
    weight_decay: Annotated[float, Field(ge=0, lt=1)]
    loss: LossName
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    ema_decay: Annotated[float, Field(ge=0, lt=1)]
    adversarial: AdversarialConfig
    checkpoint_seconds: Annotated[float, Field(gt=0)]
    precision: PrecisionName
    seed: Annotated[int, Field(ge=0, lt=2**63)]

    @model_validator(mode="after")
    def _floor_is_below_the_peak(self) -> Self:
        floor = self.learning_rate_schedule.floor
        if floor > self.learning_rate:
            raise ValueError(
                f"Parameter 'training.learning_rate_schedule.floor' is {floor}, more than 'training.learning_rate', "
                f"{self.learning_rate}; decrease the first or increase the second."
            )
        return self

    @model_validator(mode="after")
    def _targets_are_smoothed_only_if_there_are_any(self) -> Self:
        if self.loss == "margin" and self.label_smoothing > 0:
            raise ValueError(
                f"Parameter 'training.label_smoothing' is {self.label_smoothing}, but 'training.loss' is 'margin', "
                "which has no target distribution; set training.label_smoothing=0 or training.loss=cross_entropy."
            )
        return self

    @property
    def product_dtype(self) -> torch.dtype | None:
        """Dtype of the matrix products; None for that of the weights."""
        return torch.bfloat16 if self.precision == "bfloat16" else None
