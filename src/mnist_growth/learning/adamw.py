"""AdamW whose state grows along with the network."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mnist_growth import kernels
from mnist_growth.growth import Deepening, Narrowing, Widening
from mnist_growth.learning.age_blocks import Block, Extent, Moments
from mnist_growth.learning.block_update import AdamStep, BlockUpdate, Part
from mnist_growth.learning.fused_update import FusedUpdate
from mnist_growth.learning.kernel_update import KernelUpdate

Change = Widening | Deepening | Narrowing
"""A change of the shapes of a network."""


class GrowingAdamW:
    """AdamW (Loshchilov and Hutter 2019) with a bias correction that follows the age of each entry.

    ``torch.optim.AdamW`` keeps one step count per tensor. After thousands of steps its bias correction is gone, and
    entries that start with zero moments then move by several times the learning rate in their first update. Here each
    parameter is covered by blocks of one age each; torch's fused kernel updates all blocks with the same weight decay
    and learning rate in one call, or on a GPU, this project's kernel all blocks. If nothing has grown, the updates are
    those of ``torch.optim.AdamW``.

    Only matrices decay; biases and batch-norm parameters do not.

    Args:
        network: Network to update. Its parameters are vectors and matrices.
        weight_decay: Decoupled decay of the matrices, as a multiple of the learning rate.
        betas: Decay rates of the first and the second moment.
        epsilon: Added to the square root of the second moment.

    Raises:
        ValueError: A parameter is neither a vector nor a matrix.
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
        for name, parameter in self.parameters.items():
            if parameter.ndim not in (1, 2):
                raise ValueError(
                    f"The parameter {name} has {parameter.ndim} dimensions, but GrowingAdamW updates vectors and "
                    "matrices; reshape it in the network"
                )
        self.blocks: dict[str, list[Block]] = {
            name: Moments.none(parameter.detach()).blocks() for name, parameter in self.parameters.items()
        }
        self._calls: Sequence[BlockUpdate] = []
        self._held: list[tuple[nn.Parameter, Tensor, Tensor]] = []

    @property
    def newest_age(self) -> int | None:
        """Number of updates of the newest entries; None before the first growth step. Synchronises with a GPU."""
        ages = torch.stack([block.age for blocks in self.blocks.values() for block in blocks]).tolist()
        return int(min(ages)) if min(ages) < max(ages) else None

    @torch.no_grad()
    def step(self, learning_rate: float | Tensor, newest_factor: float | Tensor = 1.0) -> None:
        """Update every parameter from its gradient, in place.

        Args:
            learning_rate: Learning rate of this step. To record the step as a CUDA graph, give scalar tensors for it
                and for ``newest_factor``.
            newest_factor: Factor of the learning rate for the entries added by the last growth step.

        Raises:
            RuntimeError: A parameter has no gradient.
        """
        without = [name for name, parameter in self.parameters.items() if parameter.grad is None]
        if without:
            raise RuntimeError(f"{without[0]} has no gradient: run a backward pass before the step")
        if not self._calls or any(call.is_stale() for call in self._calls):
            self._calls = self._prepare()
        for call in self._calls:  # allocates everything first: a step that fails changes no weight
            call.view_gradients()
        step = AdamStep(learning_rate, newest_factor, self.weight_decay, self.betas, self.epsilon)
        for call in self._calls:
            call.run(step)
        for parameter, mask, values in self._held:
            parameter.copy_(torch.where(mask, values, parameter))

    @torch.no_grad()
    def hold(self, held: Mapping[str, Tensor]) -> None:
        """Keep some entries as they are, whatever their gradients, moments and decay say.

        They are free again when the network grows. ``state`` does not contain what is held.

        Args:
            held: bool, by the name of a parameter and of its shape: True where an entry is kept.
        """
        self._held = [
            (self.parameters[name], mask.to(self.parameters[name].device), self.parameters[name].detach().clone())
            for name, mask in held.items()
        ]

    def zero_grad(self) -> None:
        """Set every gradient to None. Memory that an objective owns is freed with the objective."""
        for call in self._calls:
            call.forget_gradients()
        for parameter in self.parameters.values():
            parameter.grad = None

    @torch.no_grad()
    def grow(self, network: nn.Module, changes: Sequence[Change]) -> None:
        """Follow a network that was widened, deepened or narrowed.

        Entries between old units keep their moments and ages bit-equal. Entries of new units and of new layers start
        with zero moments at age 0. If c units are copies of one old unit, each has 1/c of its gradient: the first and
        second moments of their incoming side are divided by c and c^2, those of their outgoing side are copied, and all
        inherit the age. The entries of units that leave are dropped.

        Args:
            network: The network after the changes.
            changes: What was done, in order.

        Raises:
            ValueError: The network is not what the changes make of the old one.
        """
        self._take_over(network, self._grown(network, changes))

    def _grown(self, network: nn.Module, changes: Sequence[Change]) -> Iterator[tuple[str, Moments]]:
        """Yield the moments of one parameter at a time: all of them at once would take much memory."""
        old_names = set()
        for old_name, moments in self._each_moments():
            name = old_name
            for change in changes:
                if isinstance(change, Deepening):
                    name = change.names[name]
                elif (axis := change.group.axis_of(name)) is None:
                    continue
                elif isinstance(change, Narrowing):
                    moments = moments.narrowed(axis, change)
                else:
                    moments = moments.widened(axis, change)
            old_names.add(name)
            yield name, moments
        if any(isinstance(change, Deepening) for change in changes):
            for name, parameter in network.named_parameters():
                if name not in old_names:
                    yield name, Moments.none(parameter.detach())

    @torch.no_grad()
    def forget(self, name: str, kept: Tensor) -> None:
        """Set the moments of some entries of a parameter to zero; their age stays.

        Args:
            name: Of the parameter.
            kept: bool, of its shape: False where the moments become zero.
        """
        for block in self.blocks[name]:
            for moment in (block.first_moment, block.second_moment):
                moment.mul_(block.of(kept))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return all that is needed to continue: moments and ages by block, and where the blocks lie."""
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
        """Restore a result of ``state``.

        Raises:
            ValueError: The state belongs to a network of other parameters or widths, or is incomplete.
        """
        if extents.keys() != self.parameters.keys():
            different = sorted(extents.keys() ^ self.parameters.keys())
            raise ValueError(
                f"The optimizer state has {len(extents)} parameters and the network {len(self.parameters)}; "
                f"{different[0]} is in only one of them"
            )
        blocks: dict[str, list[Block]] = {}
        for name, parameter in self.parameters.items():
            blocks[name] = []
            for index, bounds in enumerate(extents[name]):
                extent: Extent = tuple((int(start), int(stop)) for start, stop in bounds)
                moments = [tensors[f"{name}.{index}.{part}"] for part in ("first_moment", "second_moment")]
                first, second = (moment.detach().to(parameter, copy=True) for moment in moments)
                age = tensors[f"{name}.{index}.age"].detach().to(parameter.device, copy=True)
                if [stop - start for start, stop in extent] != list(first.shape):
                    raise ValueError(
                        f"A block of the optimizer state of {name} has the shape {list(first.shape)}; its extent "
                        f"{extent} requires {[stop - start for start, stop in extent]}"
                    )
                blocks[name].append(Block(extent, first, second, age))
            covered = sum(block.first_moment.numel() for block in blocks[name])
            if covered != parameter.numel():
                raise ValueError(
                    f"The optimizer state covers {covered} entries of {name}; expected {parameter.numel()}"
                )
        self.blocks = blocks
        self._calls = []

    def moments(self) -> dict[str, Moments]:
        """Return the moments of every parameter in one piece."""
        return dict(self._each_moments())

    def _each_moments(self) -> Iterator[tuple[str, Moments]]:
        """Yield the name and the moments of one parameter at a time."""
        for name, parameter in self.parameters.items():
            yield name, Moments.of_blocks(parameter, self.blocks[name])

    def _take_over(self, network: nn.Module, grown: Iterable[tuple[str, Moments]]) -> None:
        """Hold the parameters of another network with their moments; if this fails, nothing changes."""
        parameters = dict(network.named_parameters())
        blocks: dict[str, list[Block]] = {}
        expected: dict[str, tuple[int, ...]] = {}
        for name, moments in grown:
            blocks[name], expected[name] = moments.blocks(), tuple(moments.age.shape)
        found = {name: tuple(parameter.shape) for name, parameter in parameters.items()}
        if found != expected:
            raise ValueError(
                f"The network has parameters of the shapes {found}; the changes made to it give {expected}"
            )
        self.parameters = parameters
        self.blocks = {name: blocks[name] for name in parameters}
        self._calls, self._held = [], []

    def _prepare(self) -> Sequence[BlockUpdate]:
        """Sort all blocks into one call of a kernel for each weight decay and learning rate, or into a single one."""
        newest = self.newest_age
        parts = [
            Part(parameter, block, parameter.ndim > 1, int(block.age) == newest)
            for name, parameter in self.parameters.items()
            for block in self.blocks[name]
        ]
        if all(part.parameter.dtype == torch.float32 and kernels.are_usable(part.parameter.device) for part in parts):
            return [KernelUpdate(parts)]
        alike: dict[tuple[bool, bool], list[Part]] = {}
        for part in parts:
            alike.setdefault((part.decays, part.is_newest), []).append(part)
        return [FusedUpdate(group) for group in alike.values()]
