import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mnist_growth.inspection import gradient_norms
from mnist_growth.network import GrowingMLP

GENERATOR = np.random.default_rng(4)
IMAGES, LABELS = GENERATOR.integers(0, 256, (7, 28, 28), dtype=np.uint8), np.arange(7)


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("frozen", [True, False])
def test_they_are_the_lengths_of_each_images_own_gradient(batch_norm, frozen):
    network = GrowingMLP([9, 6], batch_norm=batch_norm, generator=torch.Generator().manual_seed(2))
    for _ in range(5):  # running statistics that are not the initial ones
        network.train()(torch.from_numpy(IMAGES))
    network.eval()

    expected = []
    for image, label in zip(torch.from_numpy(IMAGES), torch.from_numpy(LABELS), strict=True):
        network.zero_grad()
        F.cross_entropy(network(image[None]), label[None]).backward()
        expected.append(sum(float(parameter.grad.square().sum()) for parameter in network.parameters()) ** 0.5)
    network.zero_grad()
    network.requires_grad_(not frozen)

    assert gradient_norms(network, IMAGES, LABELS) == pytest.approx(np.array(expected), rel=1e-4)
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not network.training


def test_chunks_make_no_difference(monkeypatch):
    network = GrowingMLP([9, 6], generator=torch.Generator().manual_seed(2)).eval()
    whole = gradient_norms(network, IMAGES, LABELS)
    monkeypatch.setattr("mnist_growth.inspection.example_gradients.CHUNK", 3)

    assert gradient_norms(network, IMAGES, LABELS) == pytest.approx(whole, rel=1e-5)
    assert len(gradient_norms(network, IMAGES[:0], LABELS[:0])) == 0


def test_the_network_is_left_as_it_was(unchanged):
    network = GrowingMLP([9, 6], generator=torch.Generator().manual_seed(2)).train()
    with unchanged(network, IMAGES, LABELS):
        gradient_norms(network, IMAGES, LABELS)
