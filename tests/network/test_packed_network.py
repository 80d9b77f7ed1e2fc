from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from mnist_growth.digits import MNIST_PIXELS
from mnist_growth.network import (
    NetworkConfig,
    TrainedNetwork,
    build,
    load_network,
    rebuild_network,
    save_network,
)
from packed_networks import WIDTHS, packed

IMAGES = torch.randint(0, 256, (8, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("activations", [False, True])
@pytest.mark.parametrize("density", [1.0, 0.1])
def test_the_network_is_rebuilt_from_its_file_alone(tmp_path, bits, activations, density):
    network = packed(bits, activations, density)
    path, again = tmp_path / "network.safetensors", tmp_path / "again.safetensors"
    trained = TrainedNetwork(network, "sample", "ab" * 32, epochs=3, source="cd" * 32)
    save_network(path, trained)
    loaded = load_network(path)
    save_network(again, loaded)

    assert torch.equal(loaded.network(IMAGES), network(IMAGES))
    assert (loaded.network.spec, loaded.source, loaded.sha256) == (network.spec, "cd" * 32, trained.sha256)
    assert again.read_bytes() == path.read_bytes()
    assert not any(name.endswith("weight") for name in loaded.network.state_dict())


def test_the_weights_are_codes_times_the_step_of_their_row():
    network = packed(2)
    layer = network.layers[0]
    assert torch.equal(layer.weight, torch.from_numpy(layer.integers()).float() * layer.steps[:, None])
    assert set(np.unique(layer.integers())) == {-1, 0, 1}


def test_the_answers_of_the_affine_chain_are_those_of_the_network():
    network = packed(4).double()
    outputs = IMAGES.reshape(8, -1).double().numpy()
    for position, layer in enumerate(network.affine_chain()):
        outputs = (np.maximum(outputs, 0) if position else outputs) @ layer.weight.T + layer.bias
    assert np.abs(outputs - network(IMAGES).detach().numpy()).max() < 1e-6
    assert network.integer_chain() is None
    assert packed(4, activations=True).affine_chain() is None


def test_the_sums_of_integers_are_those_of_the_network():
    network = packed(4, activations=True).double()
    chain = network.integer_chain()
    codes = IMAGES.reshape(8, -1).numpy().astype(np.int64)
    for position, layer in enumerate(chain):
        sums = codes @ layer.codes.T.astype(np.int64) * (layer.steps * layer.input_step) + layer.bias
        if position + 1 < len(chain):
            codes = np.clip(np.rint(sums / chain[position + 1].input_step), 0, 255).astype(np.int64)
    assert np.abs(sums - network(IMAGES).detach().numpy()).max() < 1e-6


def test_zero_weights_are_neither_parameters_nor_multiply_adds():
    network = packed(4, density=0.1)
    kept = [int(np.count_nonzero(layer.integers())) for layer in network.layers]
    assert [cost.multiply_adds for cost in network.costs()] == kept
    assert network.spec.parameter_count == sum(kept) + sum(WIDTHS[1:])


def test_gradients_pass_rounding_but_not_clipping():
    network = packed(8, activations=True)
    network.activation_steps.copy_(torch.tensor([1e-4, 1e-4]))  # every positive activation is clipped
    images = IMAGES.float().requires_grad_()
    network(images).sum().backward()
    assert torch.count_nonzero(images.grad) == 0

    network, smooth = packed(8, activations=True), packed(8)
    gradients = []
    for each in (network, smooth):
        images = IMAGES.float().requires_grad_()
        each(images).sum().backward()
        gradients.append(images.grad.flatten())
    assert torch.cosine_similarity(*gradients, dim=0) > 0.99


def test_every_axis_of_a_unit_group_is_over_the_units():
    network = packed(4)
    for group in network.unit_groups():
        assert [network.tensor(axis.tensor).shape[axis.axis] for axis in group.axes] == [group.size] * 3


def test_bytes_that_do_not_hold_the_weights_are_refused():
    network = packed(4)
    state = network.state_dict()
    state["layers.0.codes"] = torch.full_like(state["layers.0.codes"], 255)
    with pytest.raises(ValueError, match="packed weights"):
        rebuild_network(network.spec, state)


def test_it_is_neither_built_for_a_training_nor_widened():
    with pytest.raises(ValidationError, match="made from trained ones"):
        NetworkConfig.model_validate({"kind": "packed"})
    spec = packed(4).spec
    with pytest.raises(ValueError, match="cannot be changed"):
        spec.with_widths([20, 9])
    assert spec.with_widths([12, 9]) == spec
    with pytest.raises(ValidationError, match="weight_bits has 2 entries for 3 layers"):
        type(spec).model_validate({**spec.model_dump(), "weight_bits": (4, 4)})


def test_networks_that_differ_in_one_step_differ():
    network = packed(4)
    trained = TrainedNetwork(network, "sample", "ab" * 32, epochs=3)
    other = build(network.spec, MNIST_PIXELS)
    other.load_state_dict({**network.state_dict(), "layers.0.steps": network.layers[0].steps * 1.0001})
    assert replace(trained, network=other).sha256 != trained.sha256
