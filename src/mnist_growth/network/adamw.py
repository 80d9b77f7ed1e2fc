"""AdamW whose state grows along with the network."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

Extent = tuple[tuple[int, int], ...]  # (start, stop) along each dimension


@dataclass
class Block:
    """The entries of one parameter that were born together and so have one age.

    Attributes:
        extent: where the block lies in the parameter.
        first_moment: float, contiguous, the shape of the extent.
        second_moment: float, contiguous, the shape of the extent.
        age: float32 scalar, number of updates that the entries have had.
    """

    extent: Extent
    first_moment: Tensor
    second_moment: Tensor
    age: Tensor

    def of(self, tensor: Tensor) -> Tensor:
        """The part of a tensor of the parameter's shape that this block covers, as a view."""
        return tensor[tuple(slice(start, stop) for start, stop in self.extent)]


class GrowingAdamW:
    """AdamW (Loshchilov and Hutter 2019) with a bias correction that follows the age of each entry.

    ``torch.optim.AdamW`` keeps one step count per tensor. After thousands of steps its bias correction is gone, and
    entries that start with zero moments then move several learning rates in their first update. Here each parameter is
    covered by blocks of one age each; torch's own fused kernel updates them all in one call. Where nothing has grown,
    the updates are those of ``torch.optim.AdamW``.

    Only matrices decay; biases and batch-norm parameters do not.

    Args:
        network: its parameters are the ones that are updated.
        weight_decay: decoupled decay of the matrices, as a multiple of the learning rate.
        betas: decay of the first and the second moment.
        epsilon: added to the root of the second moment.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        weight_decay: float = 0.01,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        self.weight_decay = weight_decay
        self.betas = betas
        self.epsilon = epsilon
        self.parameters: dict[str, nn.Parameter] = dict(network.named_parameters())
        self.blocks: dict[str, list[Block]] = {
            name: [_new_block(parameter, tuple((0, size) for size in parameter.shape))]
            for name, parameter in self.parameters.items()
        }

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Update every parameter from its gradient, in place.

        Args:
            learning_rate: of this step.

        Raises:
            RuntimeError: a parameter has no gradient.
        """
        for decay in (True, False):
            self._update([name for name, p in self.parameters.items() if (p.ndim > 1) is decay], learning_rate, decay)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters.values():
            parameter.grad = None

    def grow(self, network: nn.Module) -> None:
        """Follow a network that was widened: old moments stay bit-equal, new entries start at age 0.

        Args:
            network: the widened network; old entries lie in the leading block of each parameter.

        Raises:
            ValueError: a parameter has another name or has shrunk.
        """
        grown = dict(network.named_parameters())
        if grown.keys() != self.parameters.keys():
            raise ValueError(f"the network has parameters {sorted(grown)}; expected {sorted(self.parameters)}")
        for name, parameter in grown.items():
            old_shape = self.parameters[name].shape
            self.blocks[name] += [_new_block(parameter, extent) for extent in _new_extents(old_shape, parameter.shape)]
        self.parameters = grown

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything needed to go on: moments and ages by block, and where the blocks lie."""
        tensors: dict[str, Tensor] = {}
        extents: dict[str, Any] = {}
        for name, blocks in self.blocks.items():
            extents[name] = [block.extent for block in blocks]
            for index, block in enumerate(blocks):
                tensors[f"{name}.{index}.first_moment"] = block.first_moment
                tensors[f"{name}.{index}.second_moment"] = block.second_moment
                tensors[f"{name}.{index}.age"] = block.age
        return tensors, extents

    def load_state(self, tensors: Mapping[str, Tensor], extents: Mapping[str, Any]) -> None:
        """Take over a state that ``state`` gave.

        Raises:
            ValueError: the state belongs to a network of other parameters or widths.
        """
        blocks: dict[str, list[Block]] = {}
        for name, parameter in self.parameters.items():
            blocks[name] = []
            for index, bounds in enumerate(extents.get(name, [])):
                extent: Extent = tuple((int(start), int(stop)) for start, stop in bounds)
                block = _new_block(parameter, extent)
                block.first_moment.copy_(tensors[f"{name}.{index}.first_moment"])
                block.second_moment.copy_(tensors[f"{name}.{index}.second_moment"])
                block.age.copy_(tensors[f"{name}.{index}.age"])
                blocks[name].append(block)
            covered = sum(block.first_moment.numel() for block in blocks[name])
            if covered != parameter.numel():
                raise ValueError(
                    f"the optimizer state covers {covered} entries of {name}; expected {parameter.numel()}"
                )
        self.blocks = blocks

    def _update(self, names: Iterable[str], learning_rate: float, decay: bool) -> None:
        views: list[Tensor] = []
        gradients: list[Tensor] = []
        blocks: list[Block] = []
        for name in names:
            parameter = self.parameters[name]
            if parameter.grad is None:
                raise RuntimeError(f"{name} has no gradient: run a backward pass before the step")
            for block in self.blocks[name]:
                blocks.append(block)
                views.append(block.of(parameter))
                gradients.append(block.of(parameter.grad).contiguous())
        # The fused kernel walks through memory in one piece: on a block of columns it would write past the block.
        pieces = [view.contiguous() for view in views]
        adamw(
            pieces,
            gradients,
            [block.first_moment for block in blocks],
            [block.second_moment for block in blocks],
            [],
            [block.age for block in blocks],
            fused=True,
            amsgrad=False,
            beta1=self.betas[0],
            beta2=self.betas[1],
            lr=learning_rate,
            weight_decay=self.weight_decay if decay else 0.0,
            eps=self.epsilon,
            maximize=False,
        )
        for view, piece in zip(views, pieces, strict=True):
            if piece.data_ptr() != view.data_ptr():
                view.copy_(piece)


def _new_block(parameter: Tensor, extent: Extent) -> Block:
    """A block of age 0 with zero moments."""
    shape = [stop - start for start, stop in extent]
    return Block(
        extent=extent,
        first_moment=torch.zeros(shape, dtype=parameter.dtype, device=parameter.device),
        second_moment=torch.zeros(shape, dtype=parameter.dtype, device=parameter.device),
        age=torch.zeros((), dtype=torch.float32, device=parameter.device),
    )


def _new_extents(old: Iterable[int], new: Iterable[int]) -> list[Extent]:
    """Rectangles that cover what a tensor of shape ``new`` has beyond its leading block of shape ``old``.

    For a matrix: the new columns of the old rows, then the new rows over their whole length.
    """
    old_shape, new_shape = tuple(old), tuple(new)
    if any(after < before for before, after in zip(old_shape, new_shape, strict=True)):
        raise ValueError(f"a parameter went from shape {old_shape} to {new_shape}: parameters can only grow")
    extents: list[Extent] = []
    for dimension in reversed(range(len(old_shape))):
        extent = (
            *((0, size) for size in old_shape[:dimension]),
            (old_shape[dimension], new_shape[dimension]),
            *((0, size) for size in new_shape[dimension + 1 :]),
        )
        if all(stop > start for start, stop in extent):
            extents.append(extent)
    return extents
