"""Digits and a network that several pipelines are tested with."""

import numpy as np
import pytest
import torch

from mnist_growth.digits import Digits
from mnist_growth.network import GrowingMLP, TrainedNetwork

FINGERPRINT = "f" * 64


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Noise with twelve labels of each class."""
    images = np.random.default_rng(1).integers(0, 256, (120, 28, 28), dtype=np.uint8)
    return Digits(images, np.arange(120) % 10, dataset="sample", fingerprint=FINGERPRINT)


@pytest.fixture(scope="module")
def trained() -> TrainedNetwork:
    """A network that has learned nothing."""
    network = GrowingMLP((12, 8), generator=torch.Generator().manual_seed(3)).eval()
    return TrainedNetwork(network, "sample", FINGERPRINT, epochs=4)
