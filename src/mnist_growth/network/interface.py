"""What every network offers to the code that trains, grows, measures, stores and serves it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.digits.statistics import PixelStatistics
from mnist_growth.network.costs import LayerCost
from mnist_growth.network.units import UnitGroup

if TYPE_CHECKING:
    from mnist_growth.network.spec import NetworkSpec

PIXELS = IMAGE_SIDE * IMAGE_SIDE
PIXEL_RANGE = 255.0


@dataclass(frozen=True, eq=False)
class AffineLayer:
    """W x + b.

    Attributes:
        weight: W, float64 [fan_out, fan_in].
        bias: b, float64 [fan_out].
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IntegerLayer:
    """An affine map of integers: sums = steps * input_step * (codes q) + bias for inputs input_step * q.

    Attributes:
        codes: int8 [fan_out, fan_in].
        steps: Value of one code in each row, float64 [fan_out].
        bias: float64 [fan_out].
        input_step: Value of one unit of the inputs, which are unsigned bytes; 1 for grey values.
    """

    codes: NDArray[np.int8]
    steps: NDArray[np.float64]
    bias: NDArray[np.float64]
    input_step: float


@dataclass(frozen=True, eq=False)
class Capsules:
    """What the capsules of a network compute for some images.

    Attributes:
        primary: Lengths of the primary capsules, float [N, I].
        couplings: Parts of the vote of each primary capsule that go to the classes, float [N, I, C].
        digits: Lengths of the digit capsules, float [N, C].
    """

    primary: Tensor
    couplings: Tensor
    digits: Tensor


class Network(nn.Module, ABC):
    """A classifier of 28 x 28 images whose groups of units can be widened.

    The network carries the mean and the standard deviation of the pixels that it was trained on and takes raw images,
    so that training and serving cannot normalise differently.

    Args:
        pixels: Mean and standard deviation of the training pixels.
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, pixels: PixelStatistics) -> None:
        super().__init__()
        self.register_buffer("pixel_mean", torch.tensor(pixels.mean))
        self.register_buffer("pixel_std", torch.tensor(pixels.std))

    @property
    @abstractmethod
    def spec(self) -> "NetworkSpec":
        """Kind and present sizes; ``build`` makes a network of the same shape from it."""

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float [N, C], of images, uint8 or float [N, 28, 28], with grey values from 0 to 255."""

    @abstractmethod
    def unit_groups(self) -> tuple[UnitGroup, ...]:
        """Return the groups of units that can grow, in the order of ``spec.widths``."""

    def tensor(self, name: str) -> Tensor:
        """Return the parameter or buffer that a unit group names, without its gradient."""
        module, _, own = name.rpartition(".")
        found: Tensor = getattr(self.get_submodule(module), own)
        return found.detach()

    def group_index(self, group: UnitGroup) -> int:
        """Return the position of a group in ``unit_groups`` and in ``widths``, whatever its size was."""
        return [found.name for found in self.unit_groups()].index(group.name)

    def affine_chain(self) -> tuple[AffineLayer, ...] | None:
        """Return the affine maps from raw grey values to logits between which only relu is left.

        Returns:
            The maps in evaluation mode, computed in float64; None if the network is not such a chain.
        """
        return None

    def integer_chain(self) -> tuple[IntegerLayer, ...] | None:
        """Return the maps of integers from raw grey values to logits between which relu and rounding are left.

        Returns:
            The maps in evaluation mode; None if the network does not compute with quantised weights and activations.
        """
        return None

    def capsules(self, images: Tensor) -> Capsules | None:  # noqa: ARG002
        """Return the lengths and couplings of the capsules; arguments as those of ``forward``.

        Returns:
            None if the network has no capsules.
        """
        return None

    def attention_weights(self, images: Tensor) -> tuple[Tensor, ...] | None:  # noqa: ARG002
        """Return the attention weights of each block, float [N, heads, T, T]; arguments as those of ``forward``.

        Row i of the last two axes says how much token i takes from each token; it adds up to 1. Tokens are the patches
        of the image in reading order.

        Returns:
            None if the network has no attention.
        """
        return None

    def with_identity_layer(self, after: int, images: Tensor) -> "tuple[Network, Mapping[str, str]]":  # noqa: ARG002
        """Return a deeper copy that computes the same function, and the new names of the tensors that it kept.

        Args:
            after: Zero-based index of the group of units that the new layer follows.
            images: uint8 or float [N, 28, 28], on the device of the network, for the statistics of normalisations.

        Raises:
            ValueError: Networks of this kind cannot be deepened.
        """
        raise ValueError(
            f"A network of kind {self.spec.kind!r} cannot be deepened: give growth.plan as many widths as the network "
            "has groups of units"
        )

    @property
    def widths(self) -> tuple[int, ...]:
        """Sizes of the groups of units that can grow."""
        return self.spec.widths

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.spec.classes

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.pixel_mean.device

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the parameters."""
        return self.pixel_mean.dtype

    @property
    def pixels(self) -> PixelStatistics:
        """What the inputs are normalised with; the number of images is not known."""
        return PixelStatistics(float(self.pixel_mean), float(self.pixel_std), count=0)

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return sum(parameter.numel() for parameter in self.parameters())

    def costs(self) -> tuple[LayerCost, ...]:
        """Return the cost of each layer, from the input to the output."""
        return self.spec.costs()

    def normalised(self, images: Tensor) -> Tensor:
        """Return pixels, float [N, 784], of mean 0 and deviation 1 over the training set, of images [N, 28, 28]."""
        scale = 1 / (PIXEL_RANGE * self.pixel_std)
        shift = self.pixel_mean / self.pixel_std
        return (images.reshape(-1, PIXELS).to(self.dtype) * scale).sub_(shift)
