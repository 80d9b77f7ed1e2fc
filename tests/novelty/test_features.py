import numpy as np
import pytest
import torch
from torch import nn

from bypass_network import BypassSpec
from mnist_growth.digits import MNIST_PIXELS
from mnist_growth.network import GrowingMLP, build
from mnist_growth.novelty import Features

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_the_features_of_a_perceptron_are_its_activations_and_logits(laboratory, batch_norm):
    network, _ = laboratory.train((7, 4), batch_norm, dtype=torch.float32)
    network.eval()

    hidden = [network.normalised(torch.from_numpy(IMAGES))]
    for layer in network.hidden:
        hidden.append(layer(hidden[-1]))

    expected = torch.cat([*hidden[1:], network(torch.from_numpy(IMAGES))], dim=1)
    torch.testing.assert_close(Features(network)(IMAGES), expected.detach(), rtol=1e-4, atol=1e-4)


def test_the_features_of_another_kind_of_network_are_recorded():
    network = build(BypassSpec(sizes=(6, 4)), MNIST_PIXELS, torch.Generator().manual_seed(0)).eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    features = Features(network)(IMAGES)

    assert features.shape == (5, 6 + 4 + 10)
    torch.testing.assert_close(features[:, 10:], network(torch.from_numpy(IMAGES)).detach())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


def test_large_stacks_of_images_are_computed_in_parts(monkeypatch):
    network = GrowingMLP((3,), generator=torch.Generator().manual_seed(0)).eval()
    whole = Features(network)(IMAGES)
    monkeypatch.setattr("mnist_growth.novelty.features.CHUNK", 2)
    torch.testing.assert_close(Features(network)(IMAGES), whole)


def test_positions_of_an_image_are_averaged(monkeypatch):
    class Patches(nn.Module):
        """Applies an affine map to the four quarters of an image."""

        def __init__(self):
            super().__init__()
            self.map = nn.Linear(196, 10, bias=False)

        device = torch.device("cpu")

        def affine_chain(self):
            return None

        def unit_groups(self):
            return GrowingMLP((196,)).unit_groups()

        def forward(self, images):
            quarters = images.float().reshape(len(images), 2, 14, 2, 14).transpose(2, 3).reshape(len(images), 4, 196)
            return self.map(quarters).sum(1)

    network = Patches()
    groups = GrowingMLP((196,)).unit_groups()
    renamed = type(groups[0])(
        "quarters", 196, tuple(type(axis)("map.weight", 1, "outgoing") for axis in groups[0].axes[:1])
    )
    monkeypatch.setattr(Patches, "unit_groups", lambda _: (renamed,))

    features = Features(network)(IMAGES)

    assert features.shape == (5, 196 + 10)
    np.testing.assert_allclose(features[:, 0], IMAGES[:, ::14, ::14].reshape(5, 4).mean(1))
