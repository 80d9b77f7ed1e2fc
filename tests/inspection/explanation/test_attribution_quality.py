"""Deletion and insertion curves, and networks with random layers."""

import numpy as np
import pytest
import torch
from explained import CLASSES, IMAGES, bypass, mlp
from scipy.stats import spearmanr

from mnist_growth.inspection.explanation import (
    area_under,
    perturbation_curve,
    pixel_order,
    random_order,
    randomisations,
    randomised,
    rank_correlation,
)
from mnist_growth.inspection.explanation.randomisation import layers

STEPS = 8


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@torch.no_grad()
@pytest.mark.parametrize("insertion", [True, False])
def test_a_curve_is_the_probability_with_the_first_pixels_of_the_order(insertion):
    network = mlp()
    order = random_order(len(IMAGES), 784, generator())
    curves = perturbation_curve(network, IMAGES, CLASSES, order, steps=STEPS, insertion=insertion)
    for number, (image, pixels, digit) in enumerate(zip(IMAGES, order, CLASSES, strict=True)):
        for step in range(STEPS + 1):
            taken = pixels[: round(784 * step / STEPS)]
            changed = torch.zeros(784).double() if insertion else image.flatten().clone()
            changed[taken] = image.flatten()[taken] if insertion else 0
            probability = network(changed.reshape(1, 28, 28)).softmax(1)[0, digit]
            assert curves[number, step] == pytest.approx(float(probability))


def test_deletion_and_insertion_begin_and_end_where_the_other_does():
    order = random_order(len(IMAGES), 784, generator())
    given = (mlp(), IMAGES, CLASSES, order)
    deletion, insertion = (perturbation_curve(*given, steps=STEPS, insertion=kind) for kind in (False, True))
    torch.testing.assert_close(deletion[:, 0], insertion[:, -1])
    torch.testing.assert_close(deletion[:, -1], insertion[:, 0])


def test_the_order_is_by_falling_attribution_and_ties_are_at_random():
    attributions = torch.zeros(2, 28, 28)
    attributions[0, 3, 4], attributions[0, 0, 0], attributions[1, 5, 5] = 2.0, -1.0, 1.0
    order = pixel_order(attributions, generator())
    assert (order.sort(dim=1).values == torch.arange(784)).all()
    assert (int(order[0, 0]), int(order[0, -1]), int(order[1, 0])) == (3 * 28 + 4, 0, 5 * 28 + 5)
    between = order[0, 1:-1]
    assert between.diff().lt(0).float().mean() > 0.4
    assert torch.equal(order, pixel_order(attributions, generator()))


def test_the_area_is_that_of_the_trapezoids():
    assert area_under(torch.tensor([[1.0, 0.5, 0.0], [0.0, 0.0, 1.0]])).tolist() == [0.5, 0.25]


def test_rank_correlation_is_scipys_on_the_chosen_pixels():
    random = np.random.default_rng(2)
    first, second = random.normal(size=(2, 4, 28, 28)).round(1)  # with ties
    where = random.random((4, 28, 28)) < 0.3
    found = rank_correlation(first, second, where)
    for number in range(4):
        some = where[number]
        expected = spearmanr(abs(first[number][some]), abs(second[number][some])).statistic
        assert found[number] == pytest.approx(expected)
    assert rank_correlation(first, -first, where) == pytest.approx(np.ones(4))
    assert rank_correlation(first, np.zeros_like(first), where).tolist() == [0] * 4


@pytest.mark.parametrize("make", [mlp, bypass])
def test_layers_divide_the_state_that_is_computed_with(make):
    network = make()
    found = layers(network)
    names = [name for some in found.values() for name in some]
    assert len(names) == len(set(names))
    assert set(names) >= {name for name, _ in network.named_parameters()}


@pytest.mark.parametrize("make", [mlp, bypass])
def test_layers_become_random_from_the_output_on_or_one_at_a_time(make, unchanged):
    network = make()
    tensors = layers(network)
    names = list(reversed(tensors))
    with unchanged(network):
        copies = list(randomisations(network, generator(5)))
    assert [(kind, layer) for kind, layer, _ in copies] == [
        (kind, layer) for kind in ("cascading", "independent") for layer in names
    ]
    for number, (kind, layer, copy) in enumerate(copies):
        random = names[: number + 1] if kind == "cascading" else [layer]
        for name, some in tensors.items():
            weights = [tensor for tensor in some if tensor.endswith("weight") and "norm" not in tensor]
            for tensor in weights:
                same = torch.equal(copy.state_dict()[tensor], network.state_dict()[tensor])
                assert same == (name not in random), (kind, layer, tensor)
        assert not copy.training


@torch.no_grad()
def test_a_random_layer_has_the_weights_and_statistics_of_an_untrained_network():
    network = mlp()
    copy = randomised(network, set(layers(network)["hidden.0"]), generator(4))
    assert copy.hidden[0].norm.running_mean.tolist() == [0] * 24
    assert torch.equal(copy.hidden[1].norm.running_mean, network.hidden[1].norm.running_mean)
    assert copy.hidden[0].linear.weight.std() == pytest.approx(float(mlp().hidden[0].linear.weight.std()), rel=0.2)
