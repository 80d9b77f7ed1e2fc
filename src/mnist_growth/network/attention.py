"""A transformer encoder on patches of the image whose attention heads and feed-forward layers can be widened."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

import torch
from pydantic import AfterValidator, Field
from torch import Tensor, nn

from mnist_growth.config_model import ConfigModel
from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.digits.statistics import PixelStatistics
from mnist_growth.network.attention_block import Block
from mnist_growth.network.costs import LayerCost
from mnist_growth.network.insertion import name_after_insertion
from mnist_growth.network.interface import Network
from mnist_growth.network.kinds import NetworkKind, register_kind
from mnist_growth.network.spec import NetworkConfig, NetworkSpec, Width
from mnist_growth.network.units import UnitAxis, UnitGroup

POSITION_DEVIATION = 0.02
"""Standard deviation of the initial position embedding (Dosovitskiy et al. 2021 use the same)."""


def tiling_side(side: int) -> int:
    """Return the side of a patch if patches of it tile an image.

    Raises:
        ValueError: They do not.
    """
    if IMAGE_SIDE % side:
        sides = ", ".join(str(found) for found in range(1, IMAGE_SIDE + 1) if IMAGE_SIDE % found == 0)
        raise ValueError(
            f"Parameter 'network.attention.patch_side' is {side}, but patches of {side} x {side} pixels do not "
            f"tile an image of {IMAGE_SIDE} x {IMAGE_SIDE}; choose one of {sides}."
        )
    return side


PatchSide = Annotated[int, Field(ge=1, le=IMAGE_SIDE), AfterValidator(tiling_side)]


class AttentionSpec(NetworkSpec):
    """A transformer encoder on patches; a block has a number of heads and of feed-forward neurons."""

    kind: Literal["attention"] = "attention"
    patch_side: PatchSide
    stream_width: Width
    head_width: Width
    neurons_per_head: Width
    heads: Annotated[tuple[Width, ...], Field(min_length=1)]
    feed_forward_widths: Annotated[tuple[Width, ...], Field(min_length=1)]

    @property
    def tokens(self) -> int:
        """Number of patches of an image."""
        return (IMAGE_SIDE // self.patch_side) ** 2

    @property
    def widths(self) -> tuple[int, ...]:
        """Heads and feed-forward neurons of the first block, of the second block, and so on."""
        return tuple(size for block in zip(self.heads, self.feed_forward_widths, strict=True) for size in block)

    @property
    def unit_sizes(self) -> tuple[int, ...]:
        """A head counts as ``neurons_per_head`` neurons, a feed-forward neuron as one."""
        return (self.neurons_per_head, 1) * len(self.heads)

    @property
    def groups_per_layer(self) -> int:
        """Heads and feed-forward neurons."""
        return 2

    def with_widths(self, widths: Sequence[int]) -> Self:
        """Return a network of other sizes; two more widths mean one more block.

        Raises:
            ValueError: The number of widths is not even.
        """
        if len(widths) % 2 or not widths:
            raise ValueError(
                f"A network of kind 'attention' has two widths per block, heads and feed-forward neurons, but "
                f"{len(widths)} widths were given"
            )
        return self.model_copy(update={"heads": tuple(widths[::2]), "feed_forward_widths": tuple(widths[1::2])})

    def costs(self) -> tuple[LayerCost, ...]:
        """Return the cost of the embedding, of the attention and the feed-forward layer of each block, and of the head.

        The products of queries with keys and of attention weights with values are included. The backward pass needs
        the input of each layer norm, its mean and deviation, the input of each affine map, queries, keys, values and
        attention weights, and the logits and their log-softmax. On a GPU the fused kernel computes attention weights
        again and needs less.
        """
        tokens, stream, pixels = self.tokens, self.stream_width, self.patch_side**2
        costs = [
            LayerCost.of(
                1,
                "patches",
                pixels,
                stream,
                parameters=(pixels + 1) * stream + tokens * stream,
                multiply_adds=tokens * pixels * stream,
                activations=tokens * pixels,
            )
        ]
        for heads, neurons in zip(self.heads, self.feed_forward_widths, strict=True):
            inner = heads * self.head_width
            costs.append(
                LayerCost.of(
                    len(costs) + 1,
                    f"attention {len(costs) // 2 + 1}",
                    stream,
                    inner,
                    parameters=2 * stream + (stream + 1) * 3 * inner + (inner + 1) * stream,
                    multiply_adds=4 * tokens * stream * inner + 2 * tokens**2 * inner,
                    activations=tokens * (2 * stream + 2 + 4 * inner) + heads * tokens**2,
                )
            )
            costs.append(
                LayerCost.of(
                    len(costs) + 1,
                    f"feed-forward {len(costs) // 2}",
                    stream,
                    neurons,
                    parameters=2 * stream + (stream + 1) * neurons + (neurons + 1) * stream,
                    multiply_adds=2 * tokens * stream * neurons,
                    activations=tokens * (2 * stream + 2 + neurons),
                )
            )
        costs.append(
            LayerCost.of(
                len(costs) + 1,
                "output",
                stream,
                self.classes,
                parameters=2 * stream + (stream + 1) * self.classes,
                multiply_adds=stream * self.classes,
                activations=2 * stream + 2 + 2 * self.classes,
            )
        )
        return tuple(costs)


class AttentionSizes(ConfigModel):
    """Sizes of a transformer encoder on patches that growth does not change.

    Attributes:
        patch_side: Pixels along the side of a patch.
        stream_width: Entries of a token; they do not grow, because layer norm takes the mean over all of them.
        head_width: Entries of the queries, the keys and the values of one head.
        neurons_per_head: Neurons that a head counts as in the parameters of growth.
        blocks: Number of blocks.
    """

    patch_side: PatchSide
    stream_width: Width
    head_width: Width
    neurons_per_head: Width
    blocks: Annotated[int, Field(ge=1, le=16)]


class AttentionConfig(NetworkConfig):
    """Architecture of a transformer encoder on patches.

    Attributes:
        attention: Its sizes.
    """

    kind: Literal["attention"]
    attention: AttentionSizes

    def spec(self, neurons: int) -> AttentionSpec:
        """Return a network whose blocks have ``neurons`` feed-forward neurons, and heads that count as many."""
        sizes = self.attention
        return AttentionSpec(
            patch_side=sizes.patch_side,
            stream_width=sizes.stream_width,
            head_width=sizes.head_width,
            neurons_per_head=sizes.neurons_per_head,
            heads=(1,) * sizes.blocks,
            feed_forward_widths=(1,) * sizes.blocks,
        ).with_equal_neurons(neurons)


class GrowingAttention(Network):
    """A transformer encoder whose tokens are patches of the image (Dosovitskiy et al. 2021); the mean token classifies.

    Weights are uniform in +-1 / sqrt(fan-in), as growth draws them; biases start at 0.

    Args:
        spec: Sizes.
        pixels: Mean and standard deviation of the training pixels.
        generator: Source of the initial weights; torch's global one if None.
    """

    def __init__(self, spec: AttentionSpec, pixels: PixelStatistics, generator: torch.Generator | None = None) -> None:
        super().__init__(pixels)
        self._sizes = spec
        stream = spec.stream_width
        self.embedding = nn.Linear(spec.patch_side**2, stream)
        self.position = nn.Parameter(torch.empty(spec.tokens, stream))
        self.blocks = nn.ModuleList(
            Block(stream, heads, spec.head_width, neurons)
            for heads, neurons in zip(spec.heads, spec.feed_forward_widths, strict=True)
        )
        self.norm = nn.LayerNorm(stream)
        self.output = nn.Linear(stream, spec.classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.uniform_(module.weight, -(module.in_features**-0.5), module.in_features**-0.5, generator)
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.position, std=POSITION_DEVIATION, generator=generator)

    @property
    def spec(self) -> AttentionSpec:
        """Sizes of the patches, the tokens and the blocks."""
        return self._sizes

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float [N, C], of images, uint8 or float [N, 28, 28], with grey values from 0 to 255."""
        stream = self.tokens(images)
        for block in self.blocks:
            stream = block(stream)
        logits: Tensor = self.output(self.norm(stream.mean(1)))
        return logits

    def attention_weights(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the attention weights of each block, float [N, heads, T, T]; arguments as those of ``forward``."""
        stream, weights = self.tokens(images), []
        for block in self.blocks:
            assert isinstance(block, Block)
            weights.append(block.attention.weights(stream))
            stream = block(stream)
        return tuple(weights)

    def tokens(self, images: Tensor) -> Tensor:
        """Return the embedded patches with their positions, float [N, T, stream], of images [N, 28, 28]."""
        embedded: Tensor = self.embedding(self.patches(images)) + self.position
        return embedded

    def patches(self, images: Tensor) -> Tensor:
        """Return normalised pixels, float [N, T, side^2], of images [N, 28, 28]; patches are in reading order."""
        side = self._sizes.patch_side
        rows = IMAGE_SIDE // side
        tiles = self.normalised(images).view(-1, rows, side, rows, side).transpose(2, 3)
        return tiles.reshape(-1, rows * rows, side * side)

    def unit_groups(self) -> tuple[UnitGroup, ...]:
        """Return two groups for each block: its heads and its feed-forward neurons."""
        groups = []
        for block, (heads, neurons) in enumerate(zip(self.spec.heads, self.spec.feed_forward_widths, strict=True)):
            name, width = f"blocks.{block}.attention", self.spec.head_width
            axes = (
                UnitAxis(f"{name}.projections.weight", 0, "incoming", 3 * width),
                UnitAxis(f"{name}.projections.bias", 0, "bias", 3 * width),
                UnitAxis(f"{name}.output.weight", 1, "outgoing", width),
            )
            groups.append(UnitGroup(name, heads, axes, title=f"block {block + 1}, heads"))
            name = f"blocks.{block}.feed_forward"
            axes = (
                UnitAxis(f"{name}.hidden.weight", 0, "incoming"),
                UnitAxis(f"{name}.hidden.bias", 0, "bias"),
                UnitAxis(f"{name}.output.weight", 1, "outgoing"),
            )
            groups.append(UnitGroup(name, neurons, axes, title=f"block {block + 1}, feed-forward"))
        return tuple(groups)

    @torch.no_grad()
    def with_identity_layer(self, after: int, images: Tensor) -> "tuple[GrowingAttention, Mapping[str, str]]":  # noqa: ARG002
        """Return a copy with one more block, which computes the identity: its output maps are zero.

        Its first maps are random, so the output maps have a gradient in the first step. The function is preserved
        exactly, whatever the images.

        Args:
            after: Zero-based index of a group of units of the block that the new one follows; it has the same sizes.
            images: Not used.

        Raises:
            IndexError: There is no group ``after``.
        """
        if not 0 <= after < len(self.widths):
            raise IndexError(
                f"There is no group {after} to insert a block after; the last one is {len(self.widths) - 1}"
            )
        block = after // 2
        widths = list(self.widths)
        widths[2 * block + 2 : 2 * block + 2] = widths[2 * block : 2 * block + 2]
        # A fixed seed: a network and its average get the same block.
        generator = torch.Generator().manual_seed(block + 1)
        deeper = GrowingAttention(self.spec.with_widths(widths), self.pixels, generator)
        deeper = deeper.to(self.device, self.dtype).train(self.training)
        names = {name: name_after_insertion(name, "blocks", block + 1) for name in self.state_dict()}
        deeper.load_state_dict({names[name]: tensor for name, tensor in self.state_dict().items()}, strict=False)
        new = deeper.blocks[block + 1]
        assert isinstance(new, Block)
        for output in (new.attention.output, new.feed_forward.output):
            nn.init.zeros_(output.weight)
        return deeper, names


register_kind(NetworkKind("attention", AttentionConfig, AttentionSpec, GrowingAttention))
