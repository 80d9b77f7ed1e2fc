"""Small quantised networks."""

from itertools import pairwise

import numpy as np

from mnist_growth.digits import MNIST_PIXELS
from mnist_growth.network import PackedMLP, QuantisedLayer

WIDTHS = (784, 12, 9, 10)


def packed(bits: int = 4, activations: bool = False, density: float = 1.0) -> PackedMLP:
    """A network of random integers; ``density`` is the share of weights that are not set to zero."""
    generator = np.random.default_rng(0)
    largest = 2 ** (bits - 1) - 1
    layers = []
    for inputs, outputs in pairwise(WIDTHS):
        codes = generator.integers(-largest, largest + 1, (outputs, inputs)).astype(np.int8)
        codes[generator.random(codes.shape) >= density] = 0
        steps = generator.uniform(0.5, 1.5, outputs).astype(np.float32) / (largest * inputs**0.5)
        layers.append(QuantisedLayer(codes, steps, generator.normal(size=outputs).astype(np.float32), bits))
    steps = np.array([0.02, 0.03], np.float32) if activations else None
    return PackedMLP.of(layers, steps, MNIST_PIXELS)
