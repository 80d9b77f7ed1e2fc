"""Short forms of what the library is used for most."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from mnist_growth.digits import MNIST_PIXELS, to_grey_values
from mnist_growth.growth import OperatorName, Probe, operator_named, widen_together
from mnist_growth.learning import GrowingAdamW
from mnist_growth.network import MLPSpec, Network, TrainedNetwork, build, predict_logits


def mlp(widths: Sequence[int], *, batch_norm: bool = True, generator: torch.Generator | None = None) -> Network:
    """Return a new multilayer perceptron that normalises its inputs as MNIST's pixels.

    Args:
        widths: Units of each hidden layer.
        batch_norm: Whether hidden layers are normalised over the batch.
        generator: Source of the initial weights; torch's global one if None.

    Raises:
        ValueError: A width is below 1, or there is no hidden layer.
    """
    return build(MLPSpec(hidden_widths=tuple(widths), batch_norm=batch_norm), MNIST_PIXELS, generator)


def predict(network: Network | TrainedNetwork, images: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the most probable class, int64 [N], of images.

    Args:
        network: Used in evaluation mode and left in the mode it was in. A trained network prepares the images as those
            of its training data were; another one takes them as they are.
        images: [N, 28, 28], or [N, H, W] for a trained network; grey values as `to_grey_values` accepts them.

    Raises:
        ValueError: The grey values are on another scale, or a trained network finds an image that shows nothing.
    """
    grey = to_grey_values(images)
    if isinstance(network, TrainedNetwork):
        grey, network = network.preparation.apply_all(grey), network.network
    classes: NDArray[np.int64] = predict_logits(network, grey).argmax(axis=1)
    return classes


def widen(
    network: Network,
    widths: int | Sequence[int],
    *,
    operator: OperatorName = "zero_fan_out",
    optimizer: GrowingAdamW | None = None,
    probe: Probe | None = None,
    generator: torch.Generator | None = None,
) -> Network:
    """Return a wider network that computes the same function (except with the operator ``random``).

    Args:
        network: It is not changed.
        widths: Width of every group of units, or of each of them; none may be smaller than it is.
        operator: How new units start.
        optimizer: Follows the growth: it then holds the parameters of the wider network.
        probe: Labelled images, for the operator ``gradient_directed``.
        generator: Source of new weights, on the CPU; one with the seed 0 if None.

    Raises:
        ValueError: There are not as many widths as groups, a width falls, or the operator needs a probe.
    """
    wanted = (widths,) * len(network.widths) if isinstance(widths, int) else tuple(widths)
    if len(wanted) != len(network.widths) or any(new < old for new, old in zip(wanted, network.widths, strict=False)):
        raise ValueError(f"The widths are {wanted}; expected one for each of {network.widths}, none smaller than it is")
    counts = [new - old for new, old in zip(wanted, network.widths, strict=True)]
    source = generator or torch.Generator().manual_seed(0)
    [wider], widenings = widen_together([network], counts, operator_named(operator, probe), source)
    if optimizer is not None:
        optimizer.grow(wider, widenings)
    return wider
