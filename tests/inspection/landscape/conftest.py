"""A small network in float64 whose Hessian can be written down."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from small_hessian import exact_hessian, small_digits

from mnist_growth.inspection.landscape import Hessian, WeightSpace
from mnist_growth.network import GrowingMLP, Network


@dataclass(frozen=True, eq=False)
class Small:
    """A network, its digits, and the exact Hessian of its loss."""

    network: Network
    images: torch.Tensor
    labels: torch.Tensor
    exact: torch.Tensor

    @property
    def weights(self):
        return WeightSpace(self.network)

    @property
    def products(self):
        return Hessian(self.weights, self.images, self.labels)

    @cached_property
    def eigenvalues(self):
        return np.linalg.eigvalsh(self.exact.numpy())


@pytest.fixture(scope="session", params=[True, False], ids=["batch norm", "bias"])
def small(request) -> Small:
    """A network of 2-3 units that has seen some digits."""
    network = GrowingMLP((2, 3), batch_norm=request.param, generator=torch.Generator().manual_seed(5)).double()
    images, labels = small_digits()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        F.cross_entropy(network(images), labels).backward()
        optimizer.step()
    network.eval().zero_grad()
    return Small(network, images, labels, exact_hessian(network, images, labels))
