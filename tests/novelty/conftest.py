import numpy as np
import pytest
import torch

import configured
from mnist_growth.digits import sample_digits
from mnist_growth.network import GrowingMLP, TrainedNetwork
from mnist_growth.novelty import digit_outliers, fit_detector


@pytest.fixture(scope="session")
def digits():
    """Training digits of the sample: 3,000 to learn from, 1,500 to calibrate with, 500 test digits."""
    return sample_digits()


@pytest.fixture(scope="session")
def trained(digits):
    """A network that has learned 3,000 digits for a second."""
    network = GrowingMLP((64, 64), generator=torch.Generator().manual_seed(0))
    images, labels = torch.from_numpy(digits.train.images[:3000]), torch.from_numpy(digits.train.labels[:3000])
    optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3)
    generator = torch.Generator().manual_seed(1)
    for _ in range(6):
        for chosen in torch.randperm(len(images), generator=generator).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(images[chosen]), labels[chosen]).backward()
            optimizer.step()
    return TrainedNetwork(network.eval().requires_grad_(False), "sample", "f" * 64, epochs=6)


@pytest.fixture(scope="session")
def config():
    return configured.novelty(digits=3000, epochs=8)


@pytest.fixture(scope="session")
def fit(trained, digits, config):
    """Makes a detector."""

    def fitted():
        known, labels = digits.train.images[:3000], digits.train.labels[:3000]
        outliers = digit_outliers(known, labels, len(known), np.random.default_rng(config.seed))
        return fit_detector(trained, known, outliers, digits.train.images[3000:], config)

    return fitted


@pytest.fixture(scope="session")
def detector(fit):
    return fit()
