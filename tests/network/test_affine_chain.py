"""The affine maps of a perceptron, with its normalisations folded in."""

import copy

import numpy as np
import pytest
import torch

from mnist_growth.network import GrowingMLP
from mnist_growth.network.folded import FoldedChain

NOISE = np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8)


def run(layers, images):
    """The chain of affine maps and relu, in float64."""
    activations = images.reshape(len(images), -1).astype(np.float64)
    for layer in layers[:-1]:
        activations = np.maximum(activations @ layer.weight.T + layer.bias, 0)
    return activations @ layers[-1].weight.T + layers[-1].bias


@pytest.fixture(params=[True, False], ids=["batch_norm", "bias"])
def network(request) -> GrowingMLP:
    """A network none of whose parameters and statistics has its initial value."""
    generator = torch.Generator().manual_seed(0)
    network = GrowingMLP((48, 32), batch_norm=request.param, pixel_mean=0.2, pixel_std=0.4, generator=generator)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
        network.train()(torch.from_numpy(NOISE))  # moves the running statistics
    return network.eval().requires_grad_(False)


def test_the_folded_layers_compute_what_the_network_computes(network):
    expected = copy.deepcopy(network).double()(torch.from_numpy(NOISE)).numpy()
    assert np.abs(run(network.affine_chain(), NOISE) - expected).max() <= 1e-12 * np.abs(expected).max()


def test_there_is_one_map_for_each_layer_and_the_network_stays_as_it_was(network):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    shapes = [(layer.weight.shape, layer.bias.shape) for layer in network.affine_chain()]

    assert shapes == [((48, 784), (48,)), ((32, 48), (32,)), ((10, 32), (10,))]
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_the_folded_chain_computes_in_single_precision_what_the_network_computes(network):
    recorded = []
    for layer in network.hidden:
        layer.register_forward_hook(lambda _module, _inputs, output: recorded.append(output))
    chain = FoldedChain(network.affine_chain())
    pixels = torch.from_numpy(NOISE)
    logits = network(pixels)

    *hidden, last = chain.activations(pixels.float())

    assert [outputs.dtype for outputs in (*hidden, last)] == [torch.float32] * 3
    torch.testing.assert_close(last, logits, rtol=1e-4, atol=1e-4)
    for outputs, expected in zip(hidden, recorded, strict=True):
        torch.testing.assert_close(outputs, expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(chain(pixels.float()), last)


def test_the_folded_chain_has_the_gradient_of_the_network(network):
    one, other = (torch.from_numpy(NOISE[:5]).float().requires_grad_() for _ in range(2))

    FoldedChain(network.affine_chain())(one).logsumexp(1).sum().backward()
    network(other).logsumexp(1).sum().backward()

    torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-6)
