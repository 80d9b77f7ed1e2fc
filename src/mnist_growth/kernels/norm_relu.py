"""Batch normalisation and relu of one layer, each pass in one kernel."""

import torch
import triton
import triton.language as tl
from torch import Tensor, nn

COLUMNS = 8  # channels per program, which holds all images of them
MAX_IMAGES = 4096


def forward(pre_activations: Tensor, norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor, Tensor]:
    """Return relu(norm(z)) in training mode, and update the running statistics and the number of batches.

    Args:
        pre_activations: z, [N, C], contiguous, N <= ``MAX_IMAGES``.
        norm: Its scale, shift and statistics, float32 [C], contiguous.

    Returns:
        Outputs, [N, C] in the dtype of z; mean of z and one over its standard deviation, float32 [C].
    """
    assert norm.momentum is not None
    images, channels = pre_activations.shape
    outputs = torch.empty_like(pre_activations)
    mean, inverse_std = torch.empty_like(norm.weight), torch.empty_like(norm.weight)
    _forward[(triton.cdiv(channels, COLUMNS),)](
        pre_activations,
        outputs,
        norm.weight,
        norm.bias,
        norm.running_mean,
        norm.running_var,
        norm.num_batches_tracked,
        mean,
        inverse_std,
        images,
        channels,
        norm.momentum,
        norm.eps,
        ROWS=triton.next_power_of_2(images),
        COLUMNS=COLUMNS,
        num_warps=_warps(images),
    )
    return outputs, mean, inverse_std


def backward(
    gradient: Tensor,
    pre_activations: Tensor,
    outputs: Tensor,
    norm: nn.BatchNorm1d,
    statistics: tuple[Tensor, Tensor],
    *,
    is_first: bool,
) -> Tensor:
    """Return dL/dz, and write or add the gradients of scale and shift.

    Args:
        gradient: dL/d(outputs), [N, C], contiguous; it is overwritten.
        pre_activations: z, [N, C], as given to ``forward``.
        outputs: Result of ``forward``.
        norm: Its scale and shift have gradients, contiguous.
        statistics: Mean and one over the standard deviation, results of ``forward``.
        is_first: Whether the gradients are written, not added.

    Returns:
        [N, C], the memory of ``gradient``.
    """
    images, channels = gradient.shape
    _backward[(triton.cdiv(channels, COLUMNS),)](
        gradient,
        pre_activations,
        outputs,
        norm.weight,
        *statistics,
        norm.weight.grad,
        norm.bias.grad,
        images,
        channels,
        IS_FIRST=is_first,
        ROWS=triton.next_power_of_2(images),
        COLUMNS=COLUMNS,
        num_warps=_warps(images),
    )
    return gradient


def _warps(images: int) -> int:
    """Return the number of groups of 32 threads of a program."""
    return int(min(16, max(4, triton.next_power_of_2(images) // 32)))


@triton.jit
def _forward(
    z,
    outputs,
    weight,
    bias,
    running_mean,
    running_var,
    batches,
    mean_of,
    inverse_std_of,
    images,
    channels,
    momentum,
    eps,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    row = tl.arange(0, ROWS)
    exists = column < channels
    inside = (row < images)[:, None] & exists[None, :]
    place = row[:, None] * channels + column[None, :]
    value = tl.load(z + place, mask=inside, other=0).to(tl.float32)
    mean = tl.sum(value, 0) / images
    centred = tl.where(inside, value - mean[None, :], 0)
    variance = tl.sum(centred * centred, 0) / images
    inverse_std = 1 / tl.sqrt(variance + eps)
    gain = tl.load(weight + column, mask=exists, other=0) * inverse_std
    shift = tl.load(bias + column, mask=exists, other=0)
    result = tl.maximum(centred * gain[None, :] + shift[None, :], 0)
    tl.store(outputs + place, result.to(outputs.dtype.element_ty), mask=inside)
    tl.store(mean_of + column, mean, mask=exists)
    tl.store(inverse_std_of + column, inverse_std, mask=exists)
    old_mean = tl.load(running_mean + column, mask=exists, other=0)
    tl.store(running_mean + column, old_mean + momentum * (mean - old_mean), mask=exists)
    old_var = tl.load(running_var + column, mask=exists, other=0)
    unbiased = variance * (images / (images - 1))
    tl.store(running_var + column, old_var + momentum * (unbiased - old_var), mask=exists)
    if tl.program_id(0) == 0:
        tl.store(batches, tl.load(batches) + 1)


@triton.jit
def _backward(
    gradient,
    z,
    outputs,
    weight,
    mean_of,
    inverse_std_of,
    weight_gradient,
    bias_gradient,
    images,
    channels,
    IS_FIRST: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    row = tl.arange(0, ROWS)
    exists = column < channels
    inside = (row < images)[:, None] & exists[None, :]
    place = row[:, None] * channels + column[None, :]
    through = tl.load(outputs + place, mask=inside, other=0) > 0
    slope = tl.where(through, tl.load(gradient + place, mask=inside, other=0).to(tl.float32), 0)
    mean = tl.load(mean_of + column, mask=exists, other=0)
    inverse_std = tl.load(inverse_std_of + column, mask=exists, other=0)
    normalised = (tl.load(z + place, mask=inside, other=0).to(tl.float32) - mean[None, :]) * inverse_std[None, :]
    of_bias = tl.sum(slope, 0)
    of_weight = tl.sum(slope * normalised, 0)
    gain = tl.load(weight + column, mask=exists, other=0) * inverse_std
    result = gain[None, :] * (slope - of_bias[None, :] / images - normalised * (of_weight[None, :] / images))
    tl.store(gradient + place, result.to(gradient.dtype.element_ty), mask=inside)
    if not IS_FIRST:
        of_weight += tl.load(weight_gradient + column, mask=exists, other=0)
        of_bias += tl.load(bias_gradient + column, mask=exists, other=0)
    tl.store(weight_gradient + column, of_weight, mask=exists)
    tl.store(bias_gradient + column, of_bias, mask=exists)
