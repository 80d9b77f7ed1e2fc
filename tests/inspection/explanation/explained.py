"""Networks and digits that the tests of explanations share."""

import torch

from bypass_network import Bypass, BypassSpec
from mnist_growth.digits import PixelStatistics
from mnist_growth.network import GrowingMLP, Network

PIXELS = PixelStatistics(0.13, 0.31, count=100)
IMAGES = torch.rand(6, 28, 28, generator=torch.Generator().manual_seed(5)).mul(255).double()
CLASSES = torch.tensor([3, 1, 4, 1, 5, 9])


def mlp(widths=(24, 16), *, batch_norm=True) -> GrowingMLP:
    """A float64 perceptron whose running statistics are not the initial ones."""
    network = GrowingMLP(widths, batch_norm=batch_norm, generator=torch.Generator().manual_seed(2)).double()
    for _ in range(3):
        network.train()(IMAGES)
    return network.eval()


def bypass() -> Network:
    """A float64 network of another kind."""
    return Bypass(BypassSpec(sizes=(14, 9)), PIXELS, torch.Generator().manual_seed(1)).double().eval()


def linear_like() -> GrowingMLP:
    """A perceptron whose units are active for all images: it computes an affine map."""
    network = mlp((30,), batch_norm=False)
    with torch.no_grad():
        network.hidden[0].linear.bias += 1e3
    return network
