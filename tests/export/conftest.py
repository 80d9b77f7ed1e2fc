import numpy as np
import pytest
import torch

from mnist_growth.digits import DIGIT_NAMES, MNIST_PREPARATION, sample_digits
from mnist_growth.export import Origin
from mnist_growth.learning import GrowingAdamW
from mnist_growth.network import GrowingMLP

ORIGIN = Origin("a" * 64, "sample", "f" * 64, "2026-01-31T12.00.00.000Z", (48, 32), 3, MNIST_PREPARATION, DIGIT_NAMES)


@pytest.fixture(scope="session")
def digits():
    return sample_digits()


@pytest.fixture(scope="session")
def origin() -> Origin:
    return ORIGIN


@pytest.fixture(scope="session", params=[True, False], ids=["batch_norm", "bias"])
def network(request, digits) -> GrowingMLP:
    """A network that has learned a little, so that no weight, shift or running statistic is what it began as."""
    generator = torch.Generator().manual_seed(0)
    network = GrowingMLP((48, 32), batch_norm=request.param, pixel_mean=0.2, pixel_std=0.4, generator=generator)
    optimizer = GrowingAdamW(network)
    images, labels = torch.from_numpy(digits.train.images), torch.from_numpy(digits.train.labels)
    for batch in torch.arange(len(images)).split(100):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images[batch]), labels[batch]).backward()
        optimizer.step(learning_rate=0.01)
    return network.eval().requires_grad_(False)


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8)
