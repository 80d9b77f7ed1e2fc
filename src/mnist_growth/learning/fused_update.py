"""One call of torch's fused AdamW kernel on blocks of parameters."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mnist_growth.learning.block_update import AdamStep, BlockUpdate, Part


class FusedUpdate(BlockUpdate):
    """Blocks with the same weight decay and learning rate, which one call of the kernel updates.

    The kernel assumes contiguous memory: on a block of columns it would write past the block. Such blocks are copied
    into buffers before the call and back after it. A network that has grown several times has several hundred blocks,
    and a step should be cheap compared with the backward pass. The buffers, the views of the weights, and one tensor
    with all ages (``torch.optim`` has one for each parameter) are therefore created only once, and the views of the
    gradients again only when a gradient has moved.

    Args:
        parts: Blocks that all decay or not, and are all the newest or not; their ages become views of one tensor.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        super().__init__(parts)
        self._decays, self._is_newest = parts[0].decays, parts[0].is_newest
        self._gradients: list[Tensor] = []
        self._scattered_gradients: list[Tensor] = []
        views = [part.block.of(part.parameter.detach()) for part in parts]
        self._scattered = [index for index, view in enumerate(views) if not view.is_contiguous()]
        self._scattered_views = [views[index] for index in self._scattered]
        self._weight_buffers = [torch.empty_like(parts[index].block.first_moment) for index in self._scattered]
        self._gradient_buffers = [torch.empty_like(buffer) for buffer in self._weight_buffers]
        self._weights = self._with_buffers(views, self._weight_buffers)
        self._first_moments = [part.block.first_moment for part in parts]
        self._second_moments = [part.block.second_moment for part in parts]
        self._age_views = [part.block.age for part in parts]

    def run(self, step: AdamStep) -> None:
        """Update the weights, moments and ages of all blocks in place; see ``BlockUpdate``."""
        if self._scattered:
            torch._foreach_copy_(self._weight_buffers, self._scattered_views)
            torch._foreach_copy_(self._gradient_buffers, self._scattered_gradients)
        self._ages += 1
        torch._fused_adamw_(
            self._weights,
            self._gradients,
            self._first_moments,
            self._second_moments,
            [],
            self._age_views,
            lr=step.learning_rate * step.newest_factor if self._is_newest else step.learning_rate,
            beta1=step.betas[0],
            beta2=step.betas[1],
            weight_decay=step.weight_decay if self._decays else 0.0,
            eps=step.epsilon,
            amsgrad=False,
            maximize=False,
        )
        if self._scattered:
            torch._foreach_copy_(self._scattered_views, self._weight_buffers)

    def _view(self, gradients: Sequence[Tensor]) -> None:
        views = [part.block.of(gradient) for part, gradient in zip(self._parts, gradients, strict=True)]
        self._scattered_gradients = [views[index] for index in self._scattered]
        self._gradients = self._with_buffers(views, self._gradient_buffers)

    def _release(self) -> None:
        self._gradients, self._scattered_gradients = [], []

    def _with_buffers(self, tensors: list[Tensor], buffers: list[Tensor]) -> list[Tensor]:
        """Return the tensors, with buffers in place of those that are not contiguous."""
        replaced = list(tensors)
        for index, buffer in zip(self._scattered, buffers, strict=True):
            replaced[index] = buffer
        return replaced
