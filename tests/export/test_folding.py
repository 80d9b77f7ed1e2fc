import copy

import numpy as np
import torch

from mnist_growth.export import fold


def run(layers, images):
    """The chain of affine maps and relu, in float64."""
    activations = images.reshape(len(images), -1).astype(np.float64)
    for layer in layers[:-1]:
        activations = np.maximum(activations @ layer.weight.T + layer.bias, 0)
    return activations @ layers[-1].weight.T + layers[-1].bias


def test_the_folded_layers_compute_what_the_network_computes(network, digits, noise):
    for images in (digits.test.images, noise):
        expected = copy.deepcopy(network).double()(torch.from_numpy(images)).numpy()
        assert np.abs(run(fold(network), images) - expected).max() <= 1e-12 * np.abs(expected).max()


def test_there_is_one_map_for_each_layer_and_the_network_stays_as_it_was(network):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    shapes = [(layer.weight.shape, layer.bias.shape) for layer in fold(network)]

    assert shapes == [((48, 784), (48,)), ((32, 48), (32,)), ((10, 32), (10,))]
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
