"""Cross-entropy of the logits of a batch with everything that follows from it, in one kernel."""

import torch
import triton
import triton.language as tl
from torch import Tensor

MAX_ROWS = 1024  # images at a time


def cross_entropy(
    products: Tensor, bias: Tensor, labels: Tensor, label_smoothing: float, scale: float, *, is_first: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return loss, number of correct answers and gradient; write or add the gradient of the bias.

    Args:
        products: W h of the output layer, [N, C], contiguous; the logits are W h + b.
        bias: b, float32 [C], with a gradient.
        labels: int64 [N].
        label_smoothing: Fraction of the target probability that is spread evenly over all classes.
        scale: Factor of the gradients.
        is_first: Whether the gradient of the bias is written, not added.

    Returns:
        Loss in nats, summed over the images, float32 scalar; number of images classified correctly, int64 scalar;
        gradient of the scaled loss with respect to the logits, [N, C] in the dtype of the products.
    """
    images, classes = products.shape
    gradient = torch.empty_like(products)
    loss = torch.empty((), dtype=torch.float32, device=products.device)
    correct = torch.empty((), dtype=torch.int64, device=products.device)
    rows = int(min(MAX_ROWS, triton.next_power_of_2(images)))
    _cross_entropy[(1,)](
        products,
        bias,
        labels,
        gradient,
        bias.grad,
        loss,
        correct,
        images,
        classes,
        label_smoothing,
        scale,
        IS_FIRST=is_first,
        ROWS=rows,
        CLASSES=triton.next_power_of_2(classes),
        num_warps=int(min(32, max(4, rows // 16))),
    )
    return loss, correct, gradient


@triton.jit
def _cross_entropy(
    products,
    bias,
    labels,
    gradient,
    bias_gradient,
    loss_of,
    correct_of,
    images,
    classes,
    label_smoothing,
    scale,
    IS_FIRST: tl.constexpr,
    ROWS: tl.constexpr,
    CLASSES: tl.constexpr,
):
    column = tl.arange(0, CLASSES)
    exists = column < classes
    shift = tl.load(bias + column, mask=exists, other=0)
    loss = tl.zeros([ROWS], tl.float32)
    correct = tl.zeros([ROWS], tl.int64)
    of_bias = tl.zeros([CLASSES], tl.float32)
    for start in range(0, images, ROWS):
        row = start + tl.arange(0, ROWS)
        is_image = row < images
        inside = is_image[:, None] & exists[None, :]
        place = row[:, None] * classes + column[None, :]
        logits = tl.load(products + place, mask=inside, other=0).to(tl.float32) + shift[None, :]
        logits = tl.where(exists[None, :], logits, float("-inf"))
        label = tl.load(labels + row, mask=is_image, other=0)
        centred = logits - tl.max(logits, 1)[:, None]
        logarithms = centred - tl.log(tl.sum(tl.exp(centred), 1))[:, None]
        target = tl.where(column[None, :] == label[:, None], 1 - label_smoothing, 0.0) + label_smoothing / classes
        loss -= tl.where(is_image, tl.sum(target * tl.where(exists[None, :], logarithms, 0), 1), 0)
        correct += tl.where(is_image & (tl.argmax(logits, 1) == label), 1, 0)
        slope = tl.where(inside, (tl.exp(logarithms) - target) * scale, 0)
        of_bias += tl.sum(slope, 0)
        tl.store(gradient + place, slope.to(gradient.dtype.element_ty), mask=inside)
    if not IS_FIRST:
        of_bias += tl.load(bias_gradient + column, mask=exists, other=0)
    tl.store(bias_gradient + column, of_bias, mask=exists)
    tl.store(loss_of, tl.sum(loss, 0))
    tl.store(correct_of, tl.sum(correct, 0))
