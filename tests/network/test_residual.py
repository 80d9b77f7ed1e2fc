"""The residual network against a naive computation, and blocks that compute the identity."""

import re

import pytest
import torch
from pydantic import ValidationError

import configured
from mnist_growth.growth import deepen
from mnist_growth.network import ResidualSpec

SPEC = ResidualSpec(stream_width=6, block_widths=(7, 5), classes=4)


@pytest.fixture
def network(laboratory):
    trained, _ = laboratory.train_any(ResidualSpec(stream_width=6, block_widths=(7, 5)))
    return trained


def test_it_computes_what_its_formula_says(network, laboratory):
    tensors = network.eval().state_dict()

    def normalised(name, inputs):
        sums = inputs @ tensors[f"{name}.linear.weight"].T
        mean, variance = (tensors[f"{name}.norm.running_{part}"] for part in ("mean", "var"))
        unit = (sums - mean) / (variance + 1e-5).sqrt()
        return (unit * tensors[f"{name}.norm.weight"] + tensors[f"{name}.norm.bias"]).clamp(min=0)

    pixels = (laboratory.images.double().reshape(64, 784) / 255 - tensors["pixel_mean"]) / tensors["pixel_std"]
    stream = normalised("input", pixels)
    for block in range(2):
        inner = normalised(f"blocks.{block}.inner", stream)
        stream = stream + inner @ tensors[f"blocks.{block}.outer.weight"].T
    expected = stream @ tensors["output.weight"].T + tensors["output.bias"]
    torch.testing.assert_close(network(laboratory.images), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("training", [True, False])
def test_a_new_block_is_an_exact_identity_anywhere(network, laboratory, after, training):
    network.train(training)
    deeper, change = deepen(network, after, laboratory.images)
    assert deeper.training is training
    assert torch.equal(deeper(laboratory.images), network(laboratory.images))
    widths = [6, 7, 5]
    widths.insert(after + 1, widths[after])
    assert list(deeper.widths) == widths
    for old, new in change.names.items():
        if not old.endswith("num_batches_tracked"):
            assert deeper.state_dict()[new].shape == network.state_dict()[old].shape


def test_a_network_and_its_average_get_the_same_block_which_learns(network, laboratory):
    blocks = [deepen(one, 2, laboratory.images)[0].blocks[2] for one in (network, laboratory.build(network.spec))]
    assert torch.equal(blocks[0].inner.linear.weight, blocks[1].inner.linear.weight)
    deeper, _ = deepen(network, 2, laboratory.images)
    torch.nn.functional.cross_entropy(deeper.train()(laboratory.images), laboratory.labels).backward()
    assert (deeper.blocks[2].outer.weight.grad.abs().sum(0) > 0).sum() >= 4


def test_there_is_no_block_after_the_last_one_but_one(network, laboratory):
    with pytest.raises(IndexError, match="There is no group 3 to insert a block after; the last one is 2"):
        network.with_identity_layer(3, laboratory.images)


def test_it_is_built_as_its_configuration_and_spec_say(laboratory):
    spec = configured.network(kind="residual", residual={"blocks": 3}).spec(8)
    assert spec == ResidualSpec(stream_width=8, block_widths=(8, 8, 8))
    assert laboratory.build(SPEC).spec == SPEC
    assert SPEC.with_widths([3, 4]) == ResidualSpec(stream_width=3, block_widths=(4,), classes=4)


def test_wrong_sizes_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match=re.escape("A residual network cannot have the widths [6]; expected one for")):
        SPEC.with_widths([6])
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        configured.network(kind="residual", residual={"blocks": 0})


def test_every_layer_of_its_costs_has_a_name():
    assert [cost.name for cost in SPEC.costs()] == [
        "input",
        "block 1 in",
        "block 1 out",
        "block 2 in",
        "block 2 out",
        "output",
    ]
