"""Digits of the sample, and a network that knows them a little."""

import torch

from mnist_growth.digits import Digits, sample_digits
from mnist_growth.network import GrowingMLP, TrainedNetwork


def sample_parts(training: int, test: int) -> tuple[Digits, Digits]:
    """The first training and test digits of the sample."""
    sample = sample_digits()
    train = Digits(sample.train.images[:training], sample.train.labels[:training], "sample", sample.fingerprint)
    return train, Digits(sample.test.images[:test], sample.test.labels[:test], "sample", sample.fingerprint)


def trained_on(digits: Digits, widths: tuple[int, ...], steps: int, split: str = "") -> TrainedNetwork:
    """A network after some steps on all digits at once."""
    network = GrowingMLP(widths, generator=torch.Generator().manual_seed(3))
    images, labels = torch.from_numpy(digits.images), torch.from_numpy(digits.labels)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()
    return TrainedNetwork(network.eval(), "sample", digits.fingerprint, steps, split=split)
