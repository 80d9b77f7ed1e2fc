"""Batch normalisation over the images of all processes.

Each process sends sums over its own images, in float64: the sum, the sum of squares and the number of images in the
forward pass, two sums of the gradient in the backward pass. The result equals batch normalisation in one process up to
rounding, and statistics are bit-equal in all processes.
"""

from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from mnist_growth.machine import ProcessGroup


@dataclass(frozen=True)
class BatchStatistics:
    """Statistics of a micro-batch over all processes.

    Attributes:
        mean: [C], in the dtype of the weights.
        inverse_std: [C], one over the biased standard deviation, in the dtype of the weights.
        images: Number of images, float64 scalar.
    """

    mean: Tensor
    inverse_std: Tensor
    images: Tensor


def normalise(
    inputs: Tensor,
    weight: Tensor,
    bias: Tensor,
    running: tuple[Tensor, Tensor] | None,
    momentum: float,
    eps: float,
    processes: ProcessGroup,
) -> tuple[Tensor, BatchStatistics]:
    """Normalise the inputs of this process with statistics over all processes, and update the running statistics.

    Args:
        inputs: [N, C] of this process.
        weight: Scale [C].
        bias: Shift [C].
        running: Running mean and variance [C], updated in place; None without them.
        momentum: Share of this batch in the running statistics.
        eps: Added to the variance.
        processes: All of them call this function at the same time.

    Returns:
        Outputs, [N, C] in the dtype of the inputs, and the statistics.
    """
    count, channels = inputs.shape
    unused = weight.detach().new_zeros(2, channels)  # with these, statistics of bfloat16 inputs are in float32
    mean, variance = torch.batch_norm_update_stats(inputs, unused[0], unused[1], 0.0)  # biased variance
    mean, variance = mean.double(), variance.double()
    sums = torch.empty(2 * channels + 1, dtype=torch.float64, device=inputs.device)
    torch.mul(mean, count, out=sums[:channels])
    torch.mul(variance.addcmul_(mean, mean), count, out=sums[channels:-1])
    sums[-1] = count
    processes.sum(sums)
    images = sums[-1]
    mean = sums[:channels] / images
    variance = (sums[channels:-1] / images).addcmul_(mean, mean, value=-1).clamp_(min=0)
    if running is not None:
        running[0].lerp_(mean.to(running[0].dtype), momentum)
        running[1].lerp_((variance * (images / (images - 1))).to(running[1].dtype), momentum)
    statistics = BatchStatistics(mean.to(weight.dtype), (variance + eps).rsqrt().to(weight.dtype), images)
    outputs = torch.native_batch_norm(
        inputs, weight, bias, statistics.mean, variance.to(weight.dtype), False, 0.0, eps
    )[0]
    return outputs, statistics


def normalise_backward(
    gradient: Tensor, inputs: Tensor, weight: Tensor, statistics: BatchStatistics, processes: ProcessGroup
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of a normalisation over all processes.

    With x^ = (x - mean) / std, dL/dx = weight / std (dL/dy - mean(dL/dy) - x^ mean(x^ dL/dy)), where the means are over
    all processes (Ioffe and Szegedy 2015, section 3).

    Args:
        gradient: dL/dy, [N, C] of this process.
        inputs: [N, C] of this process, as given to ``normalise``.
        weight: Scale [C].
        statistics: Result of ``normalise``.
        processes: All of them call this function at the same time.

    Returns:
        dL/dx, [N, C] in the dtype of the gradient; the parts of this process of the gradients of scale and bias, [C].
    """
    _, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
        gradient, inputs, weight, None, None, statistics.mean, statistics.inverse_std, True, 0.0, [False, True, True]
    )
    sums = processes.sum(torch.cat([of_bias, of_weight]).double())
    of_bias_mean, of_weight_mean = (sums / statistics.images).chunk(2)
    inverse_std = statistics.inverse_std.double()
    gain = weight * inverse_std
    slope = -gain * inverse_std * of_weight_mean
    shift = -gain * of_bias_mean - slope * statistics.mean
    gain, slope, shift = (each.to(weight.dtype) for each in (gain, slope, shift))
    of_inputs = torch.addcmul(shift, inputs, slope).addcmul_(gradient, gain)
    return of_inputs.to(gradient.dtype), of_weight, of_bias


class GlobalBatchNorm(TorchFunctionMode):
    """Context in which ``F.batch_norm`` of a network in training mode normalises over the images of all processes.

    Args:
        processes: All of them run the same network in this context.
    """

    def __init__(self, processes: ProcessGroup) -> None:
        super().__init__()
        self.processes = processes

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Replace ``F.batch_norm`` in training mode; call other functions."""
        if func is F.batch_norm:
            return _batch_norm(self.processes, *args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _batch_norm(
    processes: ProcessGroup,
    inputs: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over all processes; the arguments are those of ``F.batch_norm``."""
    if not training:
        return F.batch_norm(inputs, running_mean, running_var, weight, bias, training, momentum, eps)
    assert weight is not None
    assert bias is not None
    running = None if running_mean is None or running_var is None else (running_mean, running_var)
    moved = inputs.movedim(1, -1)  # [N, ..., C]
    flat = cast(
        Tensor,
        _Normalise.apply(moved.reshape(-1, inputs.shape[1]), weight, bias, running, momentum, eps, processes),  # type: ignore[no-untyped-call]
    )
    return flat.view(moved.shape).movedim(-1, 1)


class _Normalise(torch.autograd.Function):
    """``normalise`` with its derivative."""

    @staticmethod
    def forward(
        context: Any,
        inputs: Tensor,
        weight: Tensor,
        bias: Tensor,
        running: tuple[Tensor, Tensor] | None,
        momentum: float,
        eps: float,
        processes: ProcessGroup,
    ) -> Tensor:
        outputs, statistics = normalise(inputs, weight, bias, running, momentum, eps, processes)
        context.save_for_backward(inputs, weight, statistics.mean, statistics.inverse_std, statistics.images)
        context.processes = processes
        return outputs

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight, *statistics = context.saved_tensors
        gradients = normalise_backward(
            gradient.contiguous(), inputs, weight, BatchStatistics(*statistics), context.processes
        )
        return (*gradients, None, None, None, None)
