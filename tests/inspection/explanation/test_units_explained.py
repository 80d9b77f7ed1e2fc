"""Selectivity, incoming weights, maximising images, conductance and embedding of units."""

import captum.attr
import numpy as np
import pytest
import torch
from explained import CLASSES, IMAGES, bypass, linear_like, mlp
from sklearn.decomposition import PCA

from mnist_growth.inspection.explanation import (
    between_class_share,
    conductance,
    incoming_weights,
    maximise,
    principal_components,
    selectivity,
    unit_activations,
)
from mnist_growth.inspection.log_odds import log_odds

BLACK = torch.zeros(28, 28, dtype=torch.float64)
RANDOM = np.random.default_rng(3)


@torch.no_grad()
def test_activations_are_the_outputs_of_the_hidden_layers():
    network = mlp()
    first = network.hidden[0](network.normalised(IMAGES))
    found = unit_activations(network, IMAGES)
    torch.testing.assert_close(found[0], first)
    torch.testing.assert_close(found[1], network.hidden[1](first))


def test_a_unit_prefers_the_class_with_the_largest_mean():
    labels = np.array([4, 4, 7, 7, 9])
    activations = np.array([[3.0, 1, 0], [1.0, 1, 0], [0.0, 1, 0], [0.0, 1, 0], [1.0, 1, 0]])
    found = selectivity(activations, labels)
    assert found.preferred.tolist() == [4, 4, -1]
    assert found.index[:2] == pytest.approx([(2 - 0.5) / (2 + 0.5), 0])  # the others' mean is (0 + 1) / 2
    assert np.isnan(found.index[2])
    assert found.preferred_mean.tolist() == [2, 1, 0]
    assert found.active_share.tolist() == [0.6, 1, 0]


def test_incoming_weights_of_the_first_layer_are_its_folded_weights():
    network = mlp()
    units = torch.tensor([5, 0, 11])
    active = unit_activations(network, IMAGES)[0][:, units].amax(dim=0) > 0
    found = incoming_weights(network, IMAGES, 1, units)
    folded = torch.from_numpy(network.affine_chain()[0].weight)[units].reshape(-1, 28, 28)
    torch.testing.assert_close(found, folded * active[:, None, None])
    assert active.any()


@torch.no_grad()
def test_a_maximising_image_excites_the_unit_more_than_any_digit():
    network = mlp()
    units = unit_activations(network, IMAGES)[1].mean(dim=0).topk(3).indices
    start = IMAGES.mean(dim=0).expand(3, 28, 28)
    generator = torch.Generator().manual_seed(1)
    images, activations = maximise(network, 2, units, start, steps=40, generator=generator)
    assert (images.min(), images.max()) >= (0, 0)
    assert images.max() <= 255
    expected = unit_activations(network, images)[1][torch.arange(3), units]
    torch.testing.assert_close(activations, expected)
    assert (activations > unit_activations(network, IMAGES)[1][:, units].amax(dim=0)).all()
    again = maximise(network, 2, units, start, steps=40, generator=torch.Generator().manual_seed(1))[0]
    assert torch.equal(images, again)


@torch.no_grad()
@pytest.mark.parametrize("make", [mlp, lambda: mlp(batch_norm=False)])
def test_conductances_of_a_layer_add_up_to_the_difference_of_the_lead(make):
    network = make()
    difference = log_odds(network(IMAGES), CLASSES) - log_odds(network(BLACK.expand_as(IMAGES)), CLASSES)
    for layer in conductance(network, IMAGES, CLASSES, baseline=BLACK, steps=512):
        errors = (layer.sum(dim=1) - difference).abs() / difference.abs()
        assert errors.max() < 5e-3
        assert errors.median() < 1e-3


def test_conductance_is_captums():
    network = mlp()
    explained = lambda pixels: log_odds(network(pixels), CLASSES.repeat(len(pixels) // len(CLASSES)))  # noqa: E731
    for number, layer in enumerate(network.hidden):
        expected = captum.attr.LayerConductance(explained, layer).attribute(IMAGES, n_steps=300)
        found = conductance(network, IMAGES, CLASSES, baseline=BLACK, steps=300)[number]
        assert (found - expected).abs().max() < 0.01 * expected.abs().max()


@torch.no_grad()
def test_conductance_of_an_affine_network_is_the_change_of_the_unit_times_its_weight():
    network = linear_like()
    network.output.bias[2:] = -1e9  # the lead of class 0 over class 1 remains
    classes = torch.zeros(len(IMAGES), dtype=torch.long)
    change = unit_activations(network, IMAGES)[0] - unit_activations(network, BLACK[None])[0]
    [found] = conductance(network, IMAGES, classes, baseline=BLACK, steps=2)
    torch.testing.assert_close(found, change * (network.output.weight[0] - network.output.weight[1]))


@torch.no_grad()
def test_with_a_bypass_the_first_layer_conducts_everything_and_the_second_only_its_part():
    network = bypass()
    difference = log_odds(network(IMAGES), CLASSES) - log_odds(network(BLACK.expand_as(IMAGES)), CLASSES)
    first, second = conductance(network, IMAGES, CLASSES, baseline=BLACK, steps=512)
    assert (first.sum(dim=1) - difference).abs().max() < 1e-3
    assert (second.sum(dim=1) - difference).abs().max() > 1e-2


def test_principal_components_are_scikit_learns():
    points = RANDOM.normal(size=(40, 7)) * [5, 3, 1, 1, 1, 1, 1]
    coordinates, shares = principal_components(points, 2)
    reference = PCA(2).fit(points)
    assert np.abs(coordinates) == pytest.approx(np.abs(reference.transform(points)))
    assert shares == pytest.approx(reference.explained_variance_ratio_)
    assert (coordinates[np.abs(coordinates).argmax(axis=0), [0, 1]] > 0).all()
    assert principal_components(np.ones((5, 3)), 2)[1].tolist() == [0, 0]


def test_the_share_between_classes_is_all_of_the_variance_without_any_within():
    labels = np.arange(40) % 4
    centres = RANDOM.normal(size=(4, 3))
    assert between_class_share(centres[labels], labels) == pytest.approx(1)
    noise = RANDOM.normal(size=(40, 3))
    within = sum(((noise[labels == label] - noise[labels == label].mean(0)) ** 2).sum() for label in range(4))
    assert between_class_share(noise, labels) == pytest.approx(1 - within / ((noise - noise.mean(0)) ** 2).sum())
    assert between_class_share(np.ones((4, 2)), np.arange(4)) == 0


@pytest.mark.parametrize("make", [mlp, bypass])
def test_networks_are_left_as_they_were(make, unchanged):
    network = make()
    with unchanged(network, IMAGES.numpy()):
        unit_activations(network, IMAGES)
        incoming_weights(network, IMAGES, 2, torch.tensor([1]))
        maximise(network, 2, torch.tensor([1]), IMAGES[:1], steps=2, generator=torch.Generator().manual_seed(1))
        conductance(network, IMAGES, CLASSES, baseline=BLACK, steps=3)
