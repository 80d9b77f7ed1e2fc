"""Bounds of slopes and certificates against SVD, closed forms, attacks and each other."""

import math
from statistics import NormalDist

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
import torch

from mnist_growth.inspection.robustness import (
    ABSTAINED,
    Attack,
    Smoothing,
    certified_radii,
    certify,
    chain_bounds,
    jacobian_norms,
    logits_of,
    lower_bound,
    pgd,
    steepest,
    upper_bounds,
)
from mnist_growth.network import AffineLayer


def test_the_product_is_that_of_the_largest_singular_values(make_chain):
    layers = make_chain(30, 20)
    singular = [scipy.linalg.svdvals(layer.weight)[0] for layer in layers]
    assert chain_bounds(layers).product == pytest.approx(255 * math.prod(singular), rel=1e-12)


def test_a_linear_network_has_its_exact_constants(make_chain):
    [layer] = make_chain()
    bounds = chain_bounds([layer])
    assert bounds.logits == bounds.product == pytest.approx(255 * np.linalg.norm(layer.weight, 2))
    assert (
        bounds.leads[2, 7]
        == bounds.leads[7, 2]
        == pytest.approx(255 * np.linalg.norm(layer.weight[2] - layer.weight[7]))
    )
    assert (np.diag(bounds.leads) == 0).all()


def test_the_bound_of_three_layers_is_the_mean_over_all_ways_to_multiply_neighbours(make_chain):
    one, two, three = (layer.weight * factor for layer, factor in zip(make_chain(30, 20), (255, 1, 1), strict=True))

    def norm(matrix):
        return np.linalg.norm(matrix, 2)

    ways = [norm(three @ two @ one), norm(three @ two) * norm(one), norm(three) * norm(two @ one)]
    ways.append(norm(three) * norm(two) * norm(one))
    assert chain_bounds(make_chain(30, 20)).logits == pytest.approx(np.mean(ways), rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_no_slope_between_two_points_exceeds_the_bounds(make_chain, seed):
    layers = make_chain(12, 9, 8, seed=seed)
    bounds = chain_bounds(layers)
    generator = np.random.default_rng(seed)
    points = generator.random((300, 784))
    moved = points + generator.normal(size=points.shape) * 10.0 ** generator.uniform(-4, 0, (300, 1))

    def outputs(values):
        values = values * 255
        for layer in layers[:-1]:
            values = np.maximum(values @ layer.weight.T + layer.bias, 0)
        return values @ layers[-1].weight.T + layers[-1].bias

    change, distance = outputs(moved) - outputs(points), np.linalg.norm(moved - points, axis=1)
    assert (np.linalg.norm(change, axis=1) <= bounds.logits * distance).all()
    leads = np.abs(change[:, :, None] - change[:, None, :])
    assert (leads <= bounds.leads * distance[:, None, None] + 1e-12).all()
    assert bounds.logits <= bounds.product
    assert bounds.leads.max() <= math.sqrt(2) * bounds.logits


def test_the_jacobian_has_the_norm_of_automatic_differentiation(attacked_network, pixels):
    with logits_of(attacked_network) as logits:
        found = jacobian_norms(logits, pixels[:3])
        for image, norm in zip(pixels[:3], found, strict=True):
            exact = torch.autograd.functional.jacobian(lambda x: logits(x[None])[0], image).flatten(1)
            assert float(norm) == pytest.approx(float(torch.linalg.matrix_norm(exact.double(), 2)), rel=1e-4)


def test_the_search_finds_steeper_points_below_the_upper_bound(attacked_network, pixels):
    bounds = upper_bounds(attacked_network)
    with logits_of(attacked_network) as logits:
        found = list(steepest(logits, pixels[:100], points=32, steps=60, seed=0))
        assert found[0] == pytest.approx(float(jacobian_norms(logits, pixels[:100]).max()))
        assert found == list(steepest(logits, pixels[:100], points=32, steps=60, seed=0))
    assert found == sorted(found)
    assert found[-1] > found[0]
    assert found[-1] <= bounds.logits <= bounds.product


def test_certified_digits_withstand_attacks_of_the_same_norm(attacked_network, pixels, labels):
    bounds = upper_bounds(attacked_network)
    shares = {}
    with logits_of(attacked_network) as logits:
        with torch.no_grad():
            radii = certified_radii(logits(pixels).numpy(), labels.numpy(), bounds.leads)
        for epsilon in (0.01, 0.03, 0.1, 0.3, 1.0):
            attack = Attack("l2", epsilon, steps=10, step_size=epsilon / 4, restarts=2, seed=0)
            withstood = ~pgd(logits, pixels, labels, attack)[1].numpy()
            assert withstood[radii >= epsilon].all()
            shares[epsilon] = float(np.mean(radii >= epsilon)), float(withstood.mean())
    assert shares[0.01][0] > 0.5  # the certificates are not empty
    assert shares[1.0][1] < 0.9  # nor are the attacks


def test_a_linear_answer_is_certified_up_to_its_boundary(make_chain):
    [layer] = make_chain()
    generator = np.random.default_rng(0)
    images = generator.random((50, 784))
    logits = 255 * images @ layer.weight.T + layer.bias
    labels = logits.argmax(1)
    labels[0] = (labels[0] + 1) % 10
    radii = certified_radii(logits, labels, chain_bounds([layer]).leads)
    assert radii[0] == 0
    for image, label, output, radius in zip(images[1:], labels[1:], logits[1:], radii[1:], strict=True):
        normals = 255 * (layer.weight - layer.weight[label])
        distances = [
            (output[label] - output[other]) / np.linalg.norm(normals[other]) for other in range(10) if other != label
        ]
        nearest = int(np.argmin(distances))
        nearest += nearest >= label
        assert radius == pytest.approx(min(distances))
        at = image + 1.001 * radius * normals[nearest] / np.linalg.norm(normals[nearest])
        assert (255 * at @ layer.weight.T + layer.bias).argmax() != label


def test_without_a_chain_there_is_no_upper_bound(attacked_network, monkeypatch):
    monkeypatch.setattr(type(attacked_network), "affine_chain", lambda _: None)
    assert upper_bounds(attacked_network) is None


def test_the_lower_bound_of_a_probability_is_exact():
    """The probability of as many successes or more, at the bound, is the probability of error."""
    for successes, trials in ((990, 1000), (60, 100), (1, 10), (10, 10)):
        bound = lower_bound(successes, trials, 0.01)
        assert scipy.stats.binom.sf(successes - 1, trials, bound) == pytest.approx(0.01, rel=1e-6)
        interval = scipy.stats.binomtest(successes, trials, alternative="greater").proportion_ci(0.99, "exact")
        assert bound == pytest.approx(interval.low, rel=1e-9)
    assert lower_bound(0, 10, 0.01) == 0


def test_smoothing_of_a_linear_network_is_its_closed_form(linear):
    """With distance d from the boundary, noise keeps the answer with probability Phi(d / sigma): the radius is d."""
    function = linear(classes=2, scale=0.1)
    normal = (function.weight[1] - function.weight[0]).float()
    sigma, samples = 0.5, 20_000
    generator = torch.Generator().manual_seed(1)
    base = torch.rand(1, 28, 28, generator=generator)
    gap = float((function(base)[0, 1] - function(base)[0, 0]) / normal.norm())
    distances = (0.2, 0.5, 0.9)
    images = torch.cat([base + ((distance - gap) / normal.norm() * normal).view(1, 28, 28) for distance in distances])
    settings = Smoothing(sigma=sigma, selection_samples=100, samples=samples, error_probability=0.001, seed=0)
    for distance, (predicted, radius) in zip(distances, certify(function, images, settings), strict=True):
        assert predicted == 1
        assert radius <= distance
        probability = NormalDist().cdf(distance / sigma)
        deviation = math.sqrt(probability * (1 - probability) / samples)
        expected = sigma * NormalDist().inv_cdf(probability - 3.1 * deviation)
        assert radius == pytest.approx(expected, abs=sigma * 3 * deviation / NormalDist().pdf(distance / sigma))


def test_smoothing_abstains_on_the_boundary(linear):
    function = linear(classes=2)
    function.bias = -function(torch.full((1, 28, 28), 0.5, dtype=torch.float64))[0]
    settings = Smoothing(sigma=0.5, selection_samples=10, samples=100, error_probability=0.001, seed=0)
    assert list(certify(function, torch.full((1, 28, 28), 0.5), settings)) == [(ABSTAINED, 0.0)]


def test_the_network_is_not_changed(attacked_network, pixels, unchanged):
    settings = Smoothing(0.25, 10, 50, 0.01, 0)
    with unchanged(attacked_network, pixels.numpy()), logits_of(attacked_network) as logits:
        list(steepest(logits, pixels[:10], points=4, steps=2, seed=0))
        list(certify(logits, pixels[:2], settings))
        upper_bounds(attacked_network)


def test_folding_is_the_same_network(attacked_network):
    assert all(isinstance(layer, AffineLayer) for layer in attacked_network.affine_chain())
