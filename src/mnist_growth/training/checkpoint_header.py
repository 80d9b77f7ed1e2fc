"""The header of a checkpoint, and checks of its tensors against it."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, model_validator
from torch import Tensor, nn

from mnist_growth.network import NetworkSpec
from mnist_growth.training.history import EpochRecord, GrowthEvent

Bounds = tuple[NonNegativeInt, NonNegativeInt]  # start and stop along one dimension
OTHERS = {"data_generator", "warp_generator", "order", "loss_sum", "correct_count"}
Count = Annotated[int, Field(ge=0, lt=2**62)]
FiniteNumber = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class CheckpointHeader(BaseModel):
    """The plain values of a checkpoint; their meaning is that of ``TrainingState``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: NetworkSpec
    extents: Mapping[str, tuple[tuple[Bounds, ...], ...]]
    weight_decay: FiniteNumber
    device: Literal["cpu", "cuda", "mps"]
    epochs_done: Count
    updates: Count
    batches: Count
    seconds: FiniteNumber
    grew: bool
    batch_size: Count
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
    """Check the tensors of the random generators and of the progress within the epoch.

    Raises:
        ValueError: A tensor is missing or unknown, or does not have the dtype or shape of ``EpochProgress``.
    """
    others = {name for name in tensors if not name.startswith(("network.", "average.", "optimizer."))}
    if others != OTHERS:
        raise ValueError(f"besides networks and optimizer it contains {sorted(others)}; expected {sorted(OTHERS)}")
    for name in ("data_generator", "warp_generator"):
        if tensors[name].dtype != torch.uint8 or tensors[name].ndim != 1:
            raise ValueError(f"{name} is {tensors[name].dtype} {list(tensors[name].shape)}; expected uint8 [n]")
    order, loss_sum, correct_count = tensors["order"], tensors["loss_sum"], tensors["correct_count"]
    if order.dtype != torch.int64 or order.ndim != 1 or bool((order < 0).any()):
        raise ValueError(f"the order of the images is {order.dtype} {list(order.shape)}; expected int64 indices")
    if len(order) and header.batch_size < 1:
        raise ValueError(f"the batch size of the current epoch is {header.batch_size}; expected at least 1")
    if header.batches > len(order):
        raise ValueError(f"{header.batches} batches are completed of an epoch of {len(order)} images")
    if not loss_sum.is_floating_point() or loss_sum.ndim or correct_count.dtype != torch.int64 or correct_count.ndim:
        raise ValueError("the sums over the current epoch are not two numbers")


def check_moments(
    network: nn.Module, extents: Mapping[str, Sequence[Sequence[Bounds]]], moments: Mapping[str, Tensor]
) -> None:
    """Check the optimizer's state: the kernel that updates the weights does not check shapes.

    Args:
        network: Has the parameters of the optimizer.
        extents: Where the blocks of each parameter lie.
        moments: Result of ``GrowingAdamW.state``.

    Raises:
        ValueError: The blocks do not cover every entry of every parameter once, a moment does not have the dtype and
            shape of its block, or an age is not a scalar.
    """
    parameters = dict(network.named_parameters())
    if extents.keys() != parameters.keys():
        raise ValueError(f"the optimizer state is of {sorted(extents)}; expected {sorted(parameters)}")
    expected: dict[str, str] = {}
    for name, parameter in parameters.items():
        covered, entries = torch.zeros(parameter.shape, dtype=torch.bool), 0
        for index, extent in enumerate(extents[name]):
            if len(extent) != parameter.ndim or any(
                not start < stop <= size for (start, stop), size in zip(extent, parameter.shape, strict=True)
            ):
                raise ValueError(f"the optimizer state of {name} has a block at {extent} of {list(parameter.shape)}")
            shape = [stop - start for start, stop in extent]
            covered[tuple(slice(start, stop) for start, stop in extent)] = True
            entries += math.prod(shape)
            block = f"{name}.{index}"
            expected |= {f"{block}.{moment}_moment": f"{parameter.dtype} {shape}" for moment in ("first", "second")}
            expected[f"{block}.age"] = f"{torch.float32} []"
        if not covered.all() or entries != covered.numel():
            raise ValueError(f"the optimizer state does not have every entry of {name} once")
    found = {name: f"{tensor.dtype} {list(tensor.shape)}" for name, tensor in moments.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise ValueError(
                f"the optimizer's {name} is {found.get(name, 'missing')}; expected {expected.get(name, 'none')}"
            )
