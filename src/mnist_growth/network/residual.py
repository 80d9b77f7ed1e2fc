"""The residual network that grows in two ways: the inner width of each block, and the stream that all blocks share."""

import copy
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from mnist_growth.config_model import ConfigModel
from mnist_growth.digits.statistics import PixelStatistics
from mnist_growth.network.costs import LayerCost
from mnist_growth.network.hidden_layer import HiddenLayer
from mnist_growth.network.insertion import name_after_insertion
from mnist_growth.network.interface import PIXELS, Network
from mnist_growth.network.kinds import NetworkKind, register_kind
from mnist_growth.network.spec import NetworkConfig, NetworkSpec, Width
from mnist_growth.network.units import UnitAxis, UnitGroup


class ResidualSpec(NetworkSpec):
    """A residual network."""

    kind: Literal["residual"] = "residual"
    stream_width: Width
    block_widths: Annotated[tuple[Width, ...], Field(min_length=1)]

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of the stream, then the inner units of each block."""
        return (self.stream_width, *self.block_widths)

    @property
    def min_batch_size(self) -> int:
        """Batch norm needs two images to measure a variance."""
        return 2

    def with_widths(self, widths: Sequence[int]) -> Self:
        """Return a network with a stream and as many blocks as there are further widths.

        Raises:
            ValueError: There is no width for a block.
        """
        if len(widths) < 2:
            raise ValueError(
                f"A residual network cannot have the widths {list(widths)}; expected one for the stream and one for "
                "each block, at least two"
            )
        return self.model_copy(update={"stream_width": widths[0], "block_widths": tuple(widths[1:])})

    def costs(self) -> tuple[LayerCost, ...]:
        """Return the cost of each affine map: from the pixels to the stream, two for each block, to the logits.

        Maps followed by batch norm keep their sums and the outputs of relu for the backward pass. The second map of a
        block keeps its result, which is added to the stream; the first map keeps the pixels as well, and the last one
        the logits and their log-softmax.
        """
        sizes = [PIXELS, self.stream_width]
        for width in self.block_widths:
            sizes += [width, self.stream_width]
        parts = [f"block {block} {side}" for block in range(1, len(self.block_widths) + 1) for side in ("in", "out")]
        names = ["input", *parts, "output"]
        costs = []
        for layer, (fan_in, fan_out) in enumerate(pairwise([*sizes, self.classes]), start=1):
            is_last, is_normalised = layer == len(sizes), layer % 2 == 0 or layer == 1
            costs.append(
                LayerCost.of(
                    layer,
                    names[layer - 1],
                    fan_in,
                    fan_out,
                    parameters=(fan_in + (1 if is_last else 2 if is_normalised else 0)) * fan_out,
                    multiply_adds=fan_in * fan_out,
                    activations=(2 if is_last or is_normalised else 1) * fan_out + (PIXELS if layer == 1 else 0),
                )
            )
        return tuple(costs)


class ResidualSizes(ConfigModel):
    """Sizes of a residual network that growth does not change.

    Attributes:
        blocks: Number of residual blocks.
    """

    blocks: Annotated[int, Field(ge=1, le=64)]


class ResidualConfig(NetworkConfig):
    """Architecture of a residual network."""

    kind: Literal["residual"]
    residual: ResidualSizes

    def spec(self, neurons: int) -> ResidualSpec:
        """Return a network whose stream and blocks have ``neurons`` units each."""
        return ResidualSpec(stream_width=neurons, block_widths=(neurons,) * self.residual.blocks)


class ResidualBlock(nn.Module):
    """x + W2 relu(norm(W1 x)) (He et al. 2016a, section 3.1, with fully connected layers).

    Args:
        stream: Units of the stream x.
        width: Inner units.
    """

    def __init__(self, stream: int, width: int) -> None:
        super().__init__()
        self.inner = HiddenLayer(stream, width, batch_norm=True)
        self.outer = nn.Linear(width, stream, bias=False)

    def forward(self, stream: Tensor) -> Tensor:
        """Map the stream, float [N, S], to the stream after the block."""
        change: Tensor = self.outer(self.inner(stream))
        return stream + change


class ResidualNetwork(Network):
    """A residual network on 28 x 28 images: relu(norm(A x)), blocks that each add to it, and an affine map to logits.

    The normalisations are batch norms over the units of A x and of the inner sums of each block, never over the stream,
    so that both the stream and the blocks can be widened exactly.

    Args:
        spec: Sizes.
        pixels: Mean and standard deviation of the training pixels.
        generator: Source of the initial weights; torch's global one if None.
    """

    def __init__(self, spec: ResidualSpec, pixels: PixelStatistics, generator: torch.Generator | None = None) -> None:
        super().__init__(pixels)
        self.input = HiddenLayer(PIXELS, spec.stream_width, batch_norm=True)
        self.blocks = nn.ModuleList(ResidualBlock(spec.stream_width, width) for width in spec.block_widths)
        self.output = nn.Linear(spec.stream_width, spec.classes)
        nn.init.zeros_(self.output.bias)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                _draw(module, generator)

    @property
    def spec(self) -> ResidualSpec:
        """Widths of the stream and of the blocks, and the number of classes."""
        widths = tuple(block.outer.in_features for block in self.blocks if isinstance(block, ResidualBlock))
        return ResidualSpec(stream_width=self.output.in_features, block_widths=widths, classes=self.output.out_features)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float [N, C], of images, uint8 or float [N, 28, 28], with grey values from 0 to 255."""
        stream = self.input(self.normalised(images))
        for block in self.blocks:
            stream = block(stream)
        logits: Tensor = self.output(stream)
        return logits

    def unit_groups(self) -> tuple[UnitGroup, ...]:
        """Return the stream and one group for each block."""
        names = [f"blocks.{index}" for index in range(len(self.blocks))]
        stream = UnitGroup(
            "stream",
            self.spec.stream_width,
            (
                *self.input.axes("input"),
                *(UnitAxis(f"{name}.outer.weight", 0, "incoming") for name in names),
                *(UnitAxis(f"{name}.inner.linear.weight", 1, "outgoing") for name in names),
                UnitAxis("output.weight", 1, "outgoing"),
            ),
        )
        inner = (
            UnitGroup(
                name,
                block.outer.in_features,
                (*block.inner.axes(f"{name}.inner"), UnitAxis(f"{name}.outer.weight", 1, "outgoing")),
                title=f"block {number}",
            )
            for number, (name, block) in enumerate(zip(names, self.blocks, strict=True), start=1)
            if isinstance(block, ResidualBlock)
        )
        return (stream, *inner)

    @torch.no_grad()
    def with_identity_layer(self, after: int, images: Tensor) -> "tuple[ResidualNetwork, Mapping[str, str]]":  # noqa: ARG002
        """Return a copy with another block, which adds zero: W1 is random as in a new block, W2 is zero.

        The function is preserved exactly, in training mode too. The weights depend on the sizes only, so that a network
        and its moving average get the same block.

        Args:
            after: Zero-based index of the group that the new block follows: 0 is the stream, and a block after it is
                the first one. The block is as wide as that group.
            images: Not used.

        Raises:
            IndexError: There is no group ``after``.
        """
        if not 0 <= after <= len(self.blocks):
            raise IndexError(f"There is no group {after} to insert a block after; the last one is {len(self.blocks)}")
        deeper = copy.deepcopy(self)
        block = ResidualBlock(self.output.in_features, self.widths[after])
        _draw(block.inner.linear, torch.Generator().manual_seed(after))
        nn.init.zeros_(block.outer.weight)
        deeper.blocks.insert(after, block.to(self.device, self.dtype).train(self.training))
        return deeper, {name: name_after_insertion(name, "blocks", after) for name in self.state_dict()}


register_kind(NetworkKind("residual", ResidualConfig, ResidualSpec, ResidualNetwork))


def _draw(layer: nn.Linear, generator: torch.Generator | None) -> None:
    """Draw weights as those of every new layer: uniform in +-1 / sqrt(fan-in)."""
    nn.init.uniform_(layer.weight, -(layer.in_features**-0.5), layer.in_features**-0.5, generator)
