"""Networks and digits that attacks are tested with."""

import itertools

import numpy as np
import pytest
import torch

from mnist_growth.digits import pixel_statistics, sample_digits
from mnist_growth.network import AffineLayer, GrowingMLP

DIGITS = sample_digits()


@pytest.fixture(scope="session")
def attacked_network():
    """A perceptron that has learned the digits of the sample, in evaluation mode."""
    pixels = pixel_statistics(DIGITS.train.images, np.arange(len(DIGITS.train)))
    network = GrowingMLP(
        (64, 48), pixel_mean=pixels.mean, pixel_std=pixels.std, generator=torch.Generator().manual_seed(0)
    )
    images, labels = torch.from_numpy(DIGITS.train.images.copy()), torch.from_numpy(DIGITS.train.labels.copy())
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)
    order = torch.Generator().manual_seed(1)
    for _ in range(6):
        for rows in torch.randperm(len(images), generator=order).split(100):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(images[rows]), labels[rows]).backward()
            optimizer.step()
    return network.eval()


@pytest.fixture(scope="session")
def pixels():
    """500 test digits, float32 from 0 to 1."""
    return torch.from_numpy(DIGITS.test.images[:500].copy()).float() / 255


@pytest.fixture(scope="session")
def labels():
    return torch.from_numpy(DIGITS.test.labels[:500].copy())


class Linear:
    """Logits W x + b of pixels from 0 to 1, in the dtype of the pixels."""

    def __init__(self, classes=2, seed=0, scale=1.0):
        generator = torch.Generator().manual_seed(seed)
        self.weight = scale * torch.randn(classes, 784, generator=generator, dtype=torch.float64)
        self.bias = torch.zeros(classes, dtype=torch.float64)

    def __call__(self, images):
        return images.flatten(1) @ self.weight.to(images.dtype).T + self.bias.to(images.dtype)


@pytest.fixture
def linear():
    return Linear


@pytest.fixture
def make_chain():
    """Affine layers with random weights, from grey values to logits."""

    def make(*widths, seed=0):
        generator = np.random.default_rng(seed)
        sizes = [784, *widths, 10]
        layers = []
        for number, (before, after) in enumerate(itertools.pairwise(sizes)):
            weight = generator.normal(size=(after, before)) / np.sqrt(before) / (255 if number == 0 else 1)
            layers.append(AffineLayer(weight, generator.normal(size=after) / 10))
        return layers

    return make
