import importlib

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

from mnist_growth.growth import widen_together, zero_fan_out
from mnist_growth.inspection.landscape import (
    Hessian,
    WeightSpace,
    block_traces,
    cohort_blocks,
    extremes,
    lanczos,
    layer_blocks,
    negative_share,
    quadratures,
    random_signs,
    spectral_density,
)
from mnist_growth.network import GrowingMLP

EVENTS = pd.DataFrame({"epoch": [3], "layer": [1], "width_before": [2], "width_after": [4]})
NO_EVENTS = EVENTS.head(0)


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def test_products_are_those_of_the_exact_hessian(small):
    vector = torch.randn(small.weights.size, dtype=torch.float64, generator=generator())

    torch.testing.assert_close(small.products.product(vector), small.exact @ vector, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("limit", ["weights.CHUNK", "hessian._KEPT"])
def test_neither_chunks_nor_a_graph_that_is_not_kept_make_a_difference(small, limit, monkeypatch):
    monkeypatch.setattr(f"mnist_growth.inspection.landscape.{limit}", 5)
    vector = torch.randn(small.weights.size, dtype=torch.float64, generator=generator())
    products = small.products

    for _ in range(2):
        torch.testing.assert_close(products.product(vector), small.exact @ vector, rtol=1e-10, atol=1e-12)


def test_the_extreme_eigenvalues_are_exact_and_their_residuals_bound_the_error(small):
    start = random_signs(small.weights.size, small.weights.vector(), generator())

    found = extremes(small.products.product, start, tolerance=1e-9)

    exact = small.eigenvalues
    assert exact[0] < -1e-3  # there is negative curvature to find
    assert found.largest == pytest.approx(exact[-1], rel=1e-6)
    assert found.smallest == pytest.approx(exact[0], rel=1e-6)
    loose = extremes(small.products.product, start, tolerance=0.3)
    assert np.abs(exact - loose.largest).min() <= loose.largest_residual + 1e-12
    assert np.abs(exact - loose.smallest).min() <= loose.smallest_residual + 1e-12


def test_an_accuracy_that_is_not_reached_is_refused_with_the_name_of_the_parameter(monkeypatch):
    # The package has a function of the name of the module.
    monkeypatch.setattr(importlib.import_module("mnist_growth.inspection.landscape.lanczos"), "_MAX_RESTARTS", 1)
    diagonal = torch.linspace(0, 1, 500, dtype=torch.float64)  # without gaps at its ends

    with pytest.raises(ValueError, match=r"accuracy of 1e-12 after 1 restarts.*larger landscape\.hessian\.tolerance"):
        extremes(lambda v: diagonal * v, torch.ones(500, dtype=torch.float64), tolerance=1e-12)


def test_the_density_of_a_start_vector_is_that_of_the_exact_spectrum(small):
    """Smoothed with a Gaussian, as the figure shows it."""
    like = small.weights.vector()
    eigenvalues, vectors = np.linalg.eigh(small.exact.numpy())
    found = quadratures(small.products.product, like, count=3, steps=120, generator=generator(2))
    density = spectral_density(found, relative_width=0.02)

    source = generator(2)
    shares = np.mean(
        [(vectors.T @ random_signs(len(like), like, source).numpy()) ** 2 / len(like) for _ in range(3)], axis=0
    )
    width = 0.02 * (eigenvalues[-1] - eigenvalues[0])
    exact = norm.pdf(density["eigenvalue"].to_numpy()[:, np.newaxis], eigenvalues, width) @ shares
    assert density["density"].to_numpy() == pytest.approx(exact, rel=1e-6, abs=1e-6 * exact.max())
    assert np.trapezoid(density["density"], density["eigenvalue"]) == pytest.approx(1, abs=1e-3)


def test_density_trace_and_negative_share_are_within_their_own_errors(small):
    like = small.weights.vector()
    found = quadratures(small.products.product, like, count=30, steps=60, generator=generator(3))
    exact = small.eigenvalues

    share = negative_share(found)
    expected = -exact[exact < 0].sum() / np.abs(exact).sum()
    assert 0 < share.standard_error < 0.3 * expected
    assert abs(share.value - expected) < 3 * share.standard_error
    assert share.low < share.value < share.high

    density = spectral_density(found, relative_width=0.05)
    width = 0.05 * (max(each.nodes[-1] for each in found) - min(each.nodes[0] for each in found))
    mean = norm.pdf(density["eigenvalue"].to_numpy()[:, np.newaxis], exact, width).mean(axis=1)
    within = (density["density_low"] <= mean) & (mean <= density["density_high"])
    assert within.mean() > 0.7


def test_the_samples_of_the_trace_have_the_exact_mean_and_add_up_over_the_blocks(small):
    like = small.weights.vector()
    blocks = cohort_blocks(small.network, NO_EVENTS)

    _, basis = lanczos(small.products.product, random_signs(len(like), like, generator(5)), steps=10)
    masks = [block.mask for block in blocks]

    samples = block_traces(small.products.product, basis, masks, count=400, generator=generator(4))

    errors = samples.std(axis=0, ddof=1) / 20
    exact = [float(small.exact.diagonal()[mask].sum()) for mask in masks]
    assert np.all(np.abs(samples.mean(axis=0) - exact) <= 3 * errors)
    probe = random_signs(len(like), like, generator(4))
    outside = probe - basis.T @ (basis @ probe)
    inside = torch.trace(basis @ small.exact @ basis.T)
    assert samples[0].sum() == pytest.approx(float(inside + outside @ small.exact @ outside))
    plain = block_traces(small.products.product, 0 * basis, masks, count=400, generator=generator(4))
    assert samples.sum(axis=1).std() < 0.5 * plain.sum(axis=1).std()  # what the subspace is good for


def test_a_matrix_of_low_rank_ends_the_iteration_with_its_exact_spectrum():
    vectors = torch.linalg.qr(torch.randn(50, 3, dtype=torch.float64, generator=generator())).Q
    matrix = vectors @ torch.diag(torch.tensor([5.0, 1.0, -2.0], dtype=torch.float64)) @ vectors.T

    found, basis = lanczos(lambda v: matrix @ v, torch.ones(50, dtype=torch.float64), steps=30)

    assert len(found.nodes) == 4
    assert found.nodes == pytest.approx([-2, 0, 1, 5], abs=1e-9)
    assert found.weights.sum() == pytest.approx(1)
    torch.testing.assert_close(basis @ basis.T, torch.eye(4, dtype=torch.float64))


def test_every_parameter_is_in_one_block_and_a_layer_is_its_cohorts():
    old = GrowingMLP((2, 3), generator=generator()).eval()
    [network], _ = widen_together([old], [2, 0], zero_fan_out, generator())

    blocks = cohort_blocks(network, EVENTS)

    assert torch.stack([block.mask for block in blocks]).sum(0).eq(1).all()
    shapes = [(block.layer, block.born, block.units, block.size) for block in blocks]
    assert shapes == [(1, 1, 2, 2 * 786), (1, 3, 2, 2 * 786), (2, 1, 3, 3 * 6), (0, None, 10, 40)]
    [layer] = layer_blocks(blocks)
    assert (layer.layer, layer.born, layer.units, layer.size) == (1, None, 4, 4 * 786)
    assert torch.equal(layer.mask, blocks[0].mask | blocks[1].mask)
    new = WeightSpace(network).parts(blocks[1].mask.float())[0]
    assert new[:2].sum() == 0
    assert new[2:].eq(1).all()


def test_a_block_is_that_of_the_exact_hessian_and_no_eigenvalue_exceeds_the_largest(small):
    start = random_signs(small.weights.size, small.weights.vector(), generator())

    for block in cohort_blocks(small.network, NO_EVENTS):
        exact = np.linalg.eigvalsh(small.exact[block.mask][:, block.mask].numpy())
        found, _ = lanczos(small.products.block(block.mask), start * block.mask, steps=80)
        assert found.nodes[-1] == pytest.approx(exact[-1], rel=1e-6)
        assert found.nodes[-1] <= small.eigenvalues[-1] * (1 + 1e-12)


def test_single_precision_gives_the_same_eigenvalues(small):
    weights = WeightSpace(small.network.float())
    small.network.double()
    start = random_signs(weights.size, weights.vector(), generator())

    found = extremes(Hessian(weights, small.images, small.labels).product, start, tolerance=1e-3)

    assert found.largest == pytest.approx(small.eigenvalues[-1], rel=1e-2)
    assert found.smallest == pytest.approx(small.eigenvalues[0], rel=1e-2)
