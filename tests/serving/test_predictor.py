"""What answers is the network: folding its normalisations changes nothing but rounding."""

import numpy as np
import pytest
import torch

from mnist_growth.digits import sample_digits
from mnist_growth.network import GrowingMLP, predict_logits
from mnist_growth.serving import TorchPredictor

IMAGES = sample_digits().test.images


@pytest.fixture(params=[True, False], ids=["batch norm", "no batch norm"])
def network(request: pytest.FixtureRequest) -> GrowingMLP:
    """A network whose batch norm has seen digits."""
    generator = torch.Generator().manual_seed(0)
    network = GrowingMLP([40, 30, 20], batch_norm=request.param, generator=generator)
    for tensor in network.parameters():
        tensor.data += 0.05 * torch.randn(tensor.shape, generator=generator)
    network.train()(torch.from_numpy(IMAGES))
    return network.eval()


def test_the_probabilities_are_those_of_the_network(network: GrowingMLP) -> None:
    expected = torch.softmax(torch.from_numpy(predict_logits(network, IMAGES)).double(), 1).numpy()
    found = TorchPredictor(network)(IMAGES)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-5)
    np.testing.assert_array_equal(found.argmax(1), expected.argmax(1))


def test_no_images_give_no_rows(network: GrowingMLP) -> None:
    assert TorchPredictor(network)(IMAGES[:0]).shape == (0, 10)


def test_the_images_stay_as_they_are(network: GrowingMLP) -> None:
    images = IMAGES[:8].copy()
    TorchPredictor(network)(images)
    np.testing.assert_array_equal(images, IMAGES[:8])
