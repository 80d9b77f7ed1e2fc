"""Making a candidate: the steps of its recipe, in a fixed order."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from mnist_growth.compression.config import Recipe
from mnist_growth.compression.fine_tuning import FineTuner
from mnist_growth.compression.quantisation import quantised
from mnist_growth.network import Network, TrainedNetwork


@dataclass(frozen=True, eq=False)
class Candidate:
    """A network that was made from another one.

    Attributes:
        recipe: How it was made.
        trained: The network, with the SHA-256 of the one that it was made from.
    """

    recipe: Recipe
    trained: TrainedNetwork


def make_candidate(recipe: Recipe, source: TrainedNetwork, fine_tuner: FineTuner) -> Candidate:
    """Return the candidate of a recipe; equal arguments give equal weights.

    Args:
        recipe: Its steps.
        source: The network that is compressed; it is not changed.
        fine_tuner: Trains the network after each step.

    Raises:
        ValueError: A step cannot be done with a network of this kind.
    """
    epochs = fine_tuner.config.epochs if recipe.epochs is None else recipe.epochs
    network, trained_epochs = source.network, source.epochs
    if recipe.weight_bits is not None:
        network = _quantised(network, recipe, fine_tuner, epochs)
        trained_epochs += epochs
    trained = replace(source, network=network, epochs=trained_epochs, version="", source=source.sha256)
    return Candidate(recipe, trained)


def _quantised(network: Network, recipe: Recipe, fine_tuner: FineTuner, epochs: int) -> Network:
    assert recipe.weight_bits is not None
    rows = fine_tuner.split.train
    count = min(fine_tuner.config.calibration_digits, len(rows))
    chosen = rows[np.linspace(0, len(rows) - 1, count).astype(np.int64)]  # evenly spaced
    images = torch.from_numpy(np.ascontiguousarray(fine_tuner.digits.images[chosen]))
    aware = quantised(network, recipe.weight_bits, recipe.activation_bits, images)
    if epochs:
        aware = fine_tuner(aware, epochs)
    return aware.packed()
