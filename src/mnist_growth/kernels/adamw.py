"""AdamW of blocks of matrices and vectors that each have an age of their own, in one kernel."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

TILE = 1024  # entries per program
FIELDS = 9


@dataclass(frozen=True)
class Task:
    """A block of a parameter, and what its update needs.

    Attributes:
        weights: float32 view of the parameter, [rows, columns] or [entries]; rows may lie apart, entries may not.
        gradients: float32 view of the gradient, with the strides of the weights.
        first_moment: float32, contiguous, the shape of the weights.
        second_moment: float32, contiguous, the shape of the weights.
        decays: Whether the entries decay.
        is_newest: Whether the entries were added by the last growth step.
    """

    weights: Tensor
    gradients: Tensor
    first_moment: Tensor
    second_moment: Tensor
    decays: bool
    is_newest: bool


def divide(tasks: Sequence[Task]) -> Tensor:
    """Return the work of every program, int64 [programs, FIELDS], on the device of the tasks.

    Args:
        tasks: Task number i has the age number i.
    """
    table = []
    for number, task in enumerate(tasks):
        columns, stride = task.weights.shape[-1], task.weights.stride(0) if task.weights.ndim > 1 else 0
        addresses = [
            tensor.data_ptr() for tensor in (task.weights, task.gradients, task.first_moment, task.second_moment)
        ]
        flags = int(task.decays) + 2 * int(task.is_newest)
        count = task.weights.numel()
        table += [[*addresses, columns, stride, first, count, 4 * number + flags] for first in range(0, count, TILE)]
    return torch.tensor(table, dtype=torch.int64).to(tasks[0].weights.device)


def step(
    work: Tensor,
    ages: Tensor,
    learning_rate: Tensor,
    newest_factor: Tensor,
    weight_decay: float,
    betas: tuple[float, float],
    epsilon: float,
) -> None:
    """Update weights and moments in place.

    Args:
        work: Result of ``divide``.
        ages: Number of updates of each task, this one included, float32 [tasks].
        learning_rate: float32 scalar.
        newest_factor: Factor of the learning rate for the newest entries, float32 scalar.
        weight_decay: Decoupled decay, as a multiple of the learning rate.
        betas: Decay rates of the first and the second moment.
        epsilon: Added to the square root of the second moment.
    """
    logarithms = torch.tensor(betas, dtype=torch.float64).log().tolist()
    _step[(len(work),)](
        work,
        ages,
        learning_rate,
        newest_factor,
        weight_decay,
        1 - betas[0],
        1 - betas[1],
        *logarithms,
        epsilon,
        FIELDS=FIELDS,
        TILE=TILE,
        num_warps=4,
    )


@triton.jit
def _one_minus_exp(x):
    """1 - e^x for x <= 0, also near 0."""
    series = -x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5))))
    return tl.where(x > -0.1, series, 1 - tl.exp(x))


# A number of a schedule may lie anywhere: a kernel for each alignment would be compiled while a graph is recorded.
@triton.jit(do_not_specialize_on_alignment=["learning_rate", "newest_factor"])
def _step(
    work,
    ages,
    learning_rate,
    newest_factor,
    weight_decay,
    share_of_first,
    share_of_second,
    log_of_first,
    log_of_second,
    epsilon,
    FIELDS: tl.constexpr,
    TILE: tl.constexpr,
):
    fields = work + tl.program_id(0) * FIELDS
    weights = tl.load(fields).to(tl.pointer_type(tl.float32))
    gradients = tl.load(fields + 1).to(tl.pointer_type(tl.float32))
    first_moments = tl.load(fields + 2).to(tl.pointer_type(tl.float32))
    second_moments = tl.load(fields + 3).to(tl.pointer_type(tl.float32))
    columns = tl.load(fields + 4).to(tl.int32)
    stride = tl.load(fields + 5).to(tl.int32)
    entry = tl.load(fields + 6).to(tl.int32) + tl.arange(0, TILE)
    exists = entry < tl.load(fields + 7).to(tl.int32)
    number = tl.load(fields + 8)
    decays = (number & 1) != 0
    is_newest = (number & 2) != 0
    age = tl.load(ages + number // 4)
    rate = tl.load(learning_rate) * tl.where(is_newest, tl.load(newest_factor), 1.0)

    place = entry // columns * stride + entry % columns
    gradient = tl.load(gradients + place, mask=exists, other=0)
    weight = tl.load(weights + place, mask=exists, other=0)
    first = tl.load(first_moments + entry, mask=exists, other=0)
    second = tl.load(second_moments + entry, mask=exists, other=0)
    weight -= rate * tl.where(decays, weight_decay, 0.0) * weight
    first += share_of_first * (gradient - first)
    second += share_of_second * (gradient * gradient - second)
    of_first = _one_minus_exp(age * log_of_first)
    of_second = _one_minus_exp(age * log_of_second)
    weight -= rate / of_first * first / (tl.sqrt(second) / tl.sqrt(of_second) + epsilon)
    tl.store(weights + place, weight, mask=exists)
    tl.store(first_moments + entry, first, mask=exists)
    tl.store(second_moments + entry, second, mask=exists)
