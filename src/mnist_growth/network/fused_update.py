"""One call of torch's fused AdamW kernel on blocks of parameters."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from mnist_growth.network.age_blocks import Block


@dataclass
class FusedUpdate:
    """Blocks that share their weight decay and learning rate, and so are updated by one call of the kernel.

    The kernel walks through memory in one piece: on a block of columns it would write past the block. Such blocks are
    copied into buffers of their own before the call and back after it; the buffers and the views of the weights are
    made only once.

    Attributes:
        decay: whether the blocks decay.
        newest: whether they were born at the last growth.
        blocks: moments and ages.
    """

    decay: bool
    newest: bool
    blocks: list[Block] = field(default_factory=list)
    _parameters: list[nn.Parameter] = field(default_factory=list)  # that each block is a part of
    _addresses: list[int] = field(default_factory=list)  # of the parameters when the views were made
    _values: list[Tensor] = field(default_factory=list)  # contiguous weights of each block, for the kernel
    _scattered: list[int] = field(default_factory=list)  # indices of the blocks that are not contiguous
    _views: list[Tensor] = field(default_factory=list)  # their weights in the parameters
    _value_buffers: list[Tensor] = field(default_factory=list)
    _gradient_buffers: list[Tensor] = field(default_factory=list)

    def add(self, parameter: nn.Parameter, block: Block) -> None:
        """Take one more block of a parameter."""
        view = block.of(parameter.detach())
        if view.is_contiguous():
            self._values.append(view)
        else:
            self._scattered.append(len(self.blocks))
            self._views.append(view)
            self._value_buffers.append(torch.empty_like(block.first_moment))
            self._gradient_buffers.append(torch.empty_like(block.first_moment))
            self._values.append(self._value_buffers[-1])
        self.blocks.append(block)
        self._parameters.append(parameter)
        self._addresses.append(parameter.data_ptr())

    def is_stale(self) -> bool:
        """Whether a parameter has moved in memory since it was added, for example to another device."""
        pairs = zip(self._parameters, self._addresses, strict=True)
        return any(parameter.data_ptr() != address for parameter, address in pairs)

    def run(self, *, learning_rate: float, weight_decay: float, betas: tuple[float, float], epsilon: float) -> None:
        """Update the weights and the moments of all blocks from the gradients of the parameters, in place."""
        gradients = [
            block.of(parameter.grad.contiguous())
            for block, parameter in zip(self.blocks, self._parameters, strict=True)
            if parameter.grad is not None
        ]
        if self._scattered:
            torch._foreach_copy_(self._value_buffers, self._views)
            torch._foreach_copy_(self._gradient_buffers, [gradients[index] for index in self._scattered])
            for index, buffer in zip(self._scattered, self._gradient_buffers, strict=True):
                gradients[index] = buffer
        adamw(
            self._values,
            gradients,
            [block.first_moment for block in self.blocks],
            [block.second_moment for block in self.blocks],
            [],
            [block.age for block in self.blocks],
            fused=True,
            amsgrad=False,
            beta1=betas[0],
            beta2=betas[1],
            lr=learning_rate,
            weight_decay=weight_decay,
            eps=epsilon,
            maximize=False,
        )
        if self._scattered:
            torch._foreach_copy_(self._views, self._value_buffers)
