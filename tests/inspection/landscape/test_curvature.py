import pandas as pd
import pytest
import torch

import configured
from mnist_growth.inspection.landscape import measure_curvature
from mnist_growth.network import GrowingMLP

NO_EVENTS = pd.DataFrame({"epoch": [], "layer": [], "width_before": [], "width_after": []})


@pytest.fixture(scope="module")
def config():
    return configured.landscape().hessian.model_copy(
        update={"tolerance": 1e-6, "trace_probes": 20, "density_probes": 3, "density_steps": 30, "block_steps": 40,
                "noise_batches": 4}
    )  # fmt: skip


def measured(small, config, seed=0):
    return measure_curvature(
        small.network, NO_EVENTS, small.images, small.labels, small.images, small.labels, config, seed
    )


def test_the_numbers_are_those_of_the_exact_hessian(small, config):
    found = measured(small, config)

    exact = small.eigenvalues
    metrics = found.metrics
    assert metrics["hessian_largest"] == pytest.approx(exact[-1], rel=1e-6)
    assert metrics["hessian_smallest"] == pytest.approx(exact[0], rel=1e-6)
    assert metrics["condition_number"] == pytest.approx(exact[-1] / exact[0], rel=1e-5)
    assert metrics["condition_number"] < 0
    assert metrics["condition_number_of_moduli"] == -metrics["condition_number"]
    assert abs(metrics["hessian_trace"] - exact.sum()) < 3 * metrics["hessian_trace_standard_error"] + 1e-9
    blocks = found.blocks
    assert blocks["layer"].tolist() == [0, 1, 2]
    assert blocks["trace"].sum() == pytest.approx(metrics["hessian_trace"])
    assert blocks["trace_per_parameter"].tolist() == pytest.approx((blocks["trace"] / blocks["parameters"]).tolist())


def test_a_seed_gives_the_same_numbers_and_another_one_others(small, config):
    first, second, other = (measured(small, config, seed) for seed in (1, 1, 2))

    assert first.metrics == second.metrics
    pd.testing.assert_frame_equal(first.density, second.density)
    assert not first.density.equals(other.density)


def test_the_network_is_left_as_it_was(small, config, unchanged):
    with unchanged(small.network, small.images.numpy(), small.labels.numpy()):
        measured(small, config)


def test_a_frozen_network_in_training_mode_gives_the_same_and_stays_so(small, config, unchanged):
    expected = measured(small, config).metrics
    small.network.requires_grad_(False).train()
    with unchanged(small.network):
        found = measured(small, config).metrics
    small.network.requires_grad_(True).eval()

    assert found == expected


def test_growth_events_of_another_network_are_refused(config):
    network = GrowingMLP((3,)).eval()
    events = pd.DataFrame({"epoch": [2], "layer": [1], "width_before": [2], "width_after": [9]})
    images, labels = torch.zeros(10, 28, 28, dtype=torch.uint8), torch.arange(10)

    with pytest.raises(ValueError, match="end with 9 units in hidden layer 1, but the network has 3"):
        measure_curvature(network, events, images, labels, images, labels, config, 0)
