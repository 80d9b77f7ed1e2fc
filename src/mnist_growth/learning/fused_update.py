"""One call of torch's fused AdamW kernel on blocks of parameters."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mnist_growth.learning.age_blocks import Block


class FusedUpdate:
    """Blocks with the same weight decay and learning rate, which one call of the kernel updates.

    The kernel assumes contiguous memory: on a block of columns it would write past the block. Such blocks are copied
    into buffers before the call and back after it. A network that has grown several times has several hundred blocks,
    and a step should be cheap compared with the backward pass. The buffers, the views of the weights, and one tensor
    with all ages (``torch.optim`` has one for each parameter) are therefore created only once, and the views of the
    gradients again only when a gradient has moved.

    Args:
        parts: Blocks, each with the parameter it is a part of; their ages become views of one tensor.
        decay: Whether the blocks decay.
        newest: Whether the blocks were added by the last growth step.
    """

    def __init__(self, parts: Sequence[tuple[nn.Parameter, Block]], *, decay: bool, newest: bool) -> None:
        self.decay = decay
        self.newest = newest
        self._parameters = [parameter for parameter, _ in parts]
        self._addresses = [parameter.data_ptr() for parameter in self._parameters]
        self._views = [block.of(parameter.detach()) for parameter, block in parts]
        self._blocks = [block for _, block in parts]
        self._gradient_addresses: list[int] = []
        self._gradients: list[Tensor] = []
        self._scattered_gradients: list[Tensor] = []
        self._scattered = [index for index, view in enumerate(self._views) if not view.is_contiguous()]
        self._scattered_views = [self._views[index] for index in self._scattered]
        self._weight_buffers = [torch.empty_like(parts[index][1].first_moment) for index in self._scattered]
        self._gradient_buffers = [torch.empty_like(buffer) for buffer in self._weight_buffers]
        self._weights = self._with_buffers(self._views, self._weight_buffers)
        self._first_moments = [block.first_moment for _, block in parts]
        self._second_moments = [block.second_moment for _, block in parts]
        self._ages = torch.stack([block.age for _, block in parts])
        self._age_views = list(self._ages.unbind())
        for (_, block), age in zip(parts, self._age_views, strict=True):
            block.age = age

    def is_stale(self) -> bool:
        """Return whether the memory of a parameter was replaced, for example by ``load_state_dict(assign=True)``.

        Moving the network to another device is not supported: the moments stay where they are.
        """
        pairs = zip(self._parameters, self._addresses, strict=True)
        return any(parameter.data_ptr() != address for parameter, address in pairs)

    def run(
        self, *, learning_rate: float | Tensor, weight_decay: float, betas: tuple[float, float], epsilon: float
    ) -> None:
        """Update the weights, moments and ages of all blocks in place, from the gradients that were viewed last."""
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
            lr=learning_rate,
            beta1=betas[0],
            beta2=betas[1],
            weight_decay=weight_decay,
            eps=epsilon,
            amsgrad=False,
            maximize=False,
        )
        if self._scattered:
            torch._foreach_copy_(self._scattered_views, self._weight_buffers)

    def view_gradients(self) -> None:
        """Update the views of the gradients if a gradient has moved in memory; call before every ``run``."""
        whole = [parameter.grad.contiguous() for parameter in self._parameters if parameter.grad is not None]
        addresses = [gradient.data_ptr() for gradient in whole]
        if addresses == self._gradient_addresses:
            return
        self._gradient_addresses = addresses
        views = [block.of(gradient) for block, gradient in zip(self._blocks, whole, strict=True)]
        self._scattered_gradients = [views[index] for index in self._scattered]
        self._gradients = self._with_buffers(views, self._gradient_buffers)

    def forget_gradients(self) -> None:
        """Release the gradients; ``view_gradients`` finds the next ones."""
        self._gradient_addresses, self._gradients, self._scattered_gradients = [], [], []

    def _with_buffers(self, tensors: list[Tensor], buffers: list[Tensor]) -> list[Tensor]:
        """Return the tensors, with buffers in place of those that are not contiguous."""
        replaced = list(tensors)
        for index, buffer in zip(self._scattered, buffers, strict=True):
            replaced[index] = buffer
        return replaced
