"""What the header of a checkpoint holds, and what its tensors have to agree with it in."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator
from torch import Tensor, nn

from mnist_growth.training.history import EpochRecord, GrowthEvent

Bounds = tuple[NonNegativeInt, NonNegativeInt]  # start and stop along one dimension
Count = Annotated[int, Field(ge=0, lt=2**62)]


class CheckpointHeader(BaseModel):
    """The plain values of a checkpoint; their meaning is that of ``TrainingState``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    widths: tuple[PositiveInt, ...]
    batch_norm: bool
    extents: Mapping[str, tuple[tuple[Bounds, ...], ...]]
    weight_decay: NonNegativeFloat
    device: str
    epochs_done: Count
    updates: Count
    batches: Count
    seconds: NonNegativeFloat
    grew: bool
    records: tuple[EpochRecord, ...]
    events: tuple[GrowthEvent, ...]
    run_id: str
    setup: Mapping[str, Any]

    @model_validator(mode="after")
    def _one_record_per_epoch(self) -> Self:
        if [record.epoch for record in self.records] != list(range(1, self.epochs_done + 1)):
            raise ValueError(f"{self.epochs_done} epochs are done, but the history does not have one row for each")
        if not self.batches <= self.updates:
            raise ValueError(f"{self.updates} updates are fewer than the {self.batches} of the current epoch")
        return self


def check_progress(tensors: Mapping[str, Tensor], header: CheckpointHeader) -> None:
    """Check the tensors that tell how far the current epoch is.

    Raises:
        KeyError: one is missing.
        ValueError: one does not have the type or shape of ``EpochProgress``, or not so many images.
    """
    order, loss_sum, right_sum = tensors["order"], tensors["loss_sum"], tensors["right_sum"]
    if order.dtype != torch.int64 or order.ndim != 1 or bool((order < 0).any()):
        raise ValueError(f"the order of the images is {order.dtype} {list(order.shape)}; expected int64 indices")
    if header.batches > len(order):
        raise ValueError(f"{header.batches} batches are done of an epoch of {len(order)} images")
    if not loss_sum.is_floating_point() or loss_sum.ndim or right_sum.dtype != torch.int64 or right_sum.ndim:
        raise ValueError("the sums over the current epoch are not two numbers")


def check_covers(network: nn.Module, extents: Mapping[str, Sequence[Sequence[Bounds]]]) -> None:
    """Check that the blocks of the optimizer's state cover every parameter, and every entry once.

    Raises:
        ValueError: they do not.
    """
    parameters = dict(network.named_parameters())
    if extents.keys() != parameters.keys():
        raise ValueError(f"the optimizer state is of {sorted(extents)}; expected {sorted(parameters)}")
    for name, parameter in parameters.items():
        covered, entries = torch.zeros(parameter.shape, dtype=torch.bool), 0
        for extent in extents[name]:
            if len(extent) != parameter.ndim or any(
                not start < stop <= size for (start, stop), size in zip(extent, parameter.shape, strict=True)
            ):
                raise ValueError(f"the optimizer state of {name} has a block at {extent} of {list(parameter.shape)}")
            covered[tuple(slice(start, stop) for start, stop in extent)] = True
            entries += math.prod(stop - start for start, stop in extent)
        if not covered.all() or entries != covered.numel():
            raise ValueError(f"the optimizer state does not have every entry of {name} once")
