"""What a network is built from."""

import re

import pytest

from mnist_growth.digits.statistics import PixelStatistics
from mnist_growth.network import GrowingMLP, build
from mnist_growth.network.kinds import kind_named
from mnist_growth.network.mlp import MLPConfig, MLPSpec

PIXELS = PixelStatistics(mean=0.25, std=0.5, count=9)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_configuration_becomes_a_network_of_equal_layers(batch_norm):
    spec = MLPConfig(kind="mlp", hidden_layers=3, batch_norm=batch_norm).spec(5)

    assert spec == MLPSpec(hidden_widths=(5, 5, 5), batch_norm=batch_norm)
    assert spec.min_batch_size == (2 if batch_norm else 1)


def test_a_network_is_built_as_its_spec_says():
    spec = MLPSpec(hidden_widths=(5, 6), batch_norm=False, classes=4)

    network = build(spec, PIXELS)

    assert network.spec == spec
    assert (network.widths, network.classes) == ((5, 6), 4)
    assert network.state_dict()["output.weight"].shape == (4, 6)
    assert (network.pixels.mean, network.pixels.std) == (0.25, 0.5)
    assert network.parameter_count == spec.parameter_count


def test_layers_are_normalised_unless_asked_otherwise():
    assert GrowingMLP((3,)).spec == MLPSpec(hidden_widths=(3,), batch_norm=True, classes=10)


def test_other_widths_and_classes_leave_the_rest():
    spec = MLPSpec(hidden_widths=(5, 6), batch_norm=False, classes=4)

    assert spec.with_equal_neurons(9) == MLPSpec(hidden_widths=(9, 9), batch_norm=False, classes=4)
    assert spec.with_widths([7]) == MLPSpec(hidden_widths=(7,), batch_norm=False, classes=4)
    assert spec.with_classes(3) == MLPSpec(hidden_widths=(5, 6), batch_norm=False, classes=3)


def test_multiply_adds_of_a_network():
    spec = MLPSpec(hidden_widths=(5, 6), batch_norm=False, classes=4)

    assert spec.forward_multiply_adds == 784 * 5 + 5 * 6 + 6 * 4
    assert spec.training_multiply_adds == 3 * spec.forward_multiply_adds


@pytest.mark.parametrize("name", ["mpl", ["mlp"]])
def test_a_misspelt_kind_is_refused_with_the_one_that_was_meant(name):
    with pytest.raises(ValueError, match=re.escape(f"There is no network kind {name!r}; did you mean 'mlp'?")):
        kind_named(name)


def test_an_unknown_kind_is_refused_with_all_that_there_are():
    with pytest.raises(ValueError, match=r"There is no network kind 'resnet'; expected one of (\w+, )*mlp"):
        kind_named("resnet")
