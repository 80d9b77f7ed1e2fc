import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

import configured
from bypass_network import Bypass, BypassSpec
from mnist_growth.digits import PixelStatistics, sample_digits
from mnist_growth.inspection.landscape import (
    WeightSpace,
    barrier,
    bezier,
    fit_curve,
    interpolate,
    matched,
    no_paths,
    origin,
    permuted,
)
from mnist_growth.network import GrowingMLP, UnitAxis, UnitGroup

DIGITS = sample_digits()
IMAGES = torch.from_numpy(DIGITS.train.images[::15].copy())  # 300
LABELS = torch.from_numpy(DIGITS.train.labels[::15].copy())
PIXELS = PixelStatistics(0.13, 0.31, count=100)


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def trained(seed):
    """A network of 16-16 units that has learned some digits."""
    network = GrowingMLP((16, 16), generator=generator(seed))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(40):
        optimizer.zero_grad()
        F.cross_entropy(network(IMAGES), LABELS).backward()
        optimizer.step()
    network.zero_grad()
    return network.eval()


@pytest.fixture(scope="module")
def pair() -> tuple[GrowingMLP, GrowingMLP]:
    return trained(1), trained(2)


def shuffled(network, seed=3):
    for group in network.unit_groups():
        network = permuted(network, group, torch.randperm(group.size, generator=generator(seed + group.size)))
    return network


@pytest.mark.parametrize("kind", ["batch norm", "bias", "bypass"])
def test_permuting_units_changes_neither_the_function_nor_the_network_that_it_began_with(kind, unchanged):
    if kind == "bypass":
        network = Bypass(BypassSpec(sizes=(7, 5)), PIXELS, generator()).double().eval()
    else:
        network = GrowingMLP((7, 5), batch_norm=kind == "batch norm", generator=generator()).double()
        network.train()(IMAGES)
        network.eval()

    with unchanged(network):
        found = shuffled(network)

    assert not torch.equal(origin(found), origin(network))
    with torch.no_grad():
        assert (found(IMAGES) - network(IMAGES)).abs().max() <= 1e-12


def test_entries_of_one_unit_stay_together():
    """Such as the columns of an attention head."""
    network = Bypass(BypassSpec(sizes=(7, 5)), PIXELS, generator()).eval()
    group = UnitGroup("blocks", 7, (UnitAxis("first.weight", 1, "incoming", entries=112),))

    found = permuted(network, group, torch.arange(7).flip(0))

    blocks = network.first.weight.reshape(7, 7, 112)
    assert torch.equal(found.first.weight, blocks.flip(1).reshape(7, 784))


@pytest.mark.parametrize("kind", ["mlp", "bypass"])
def test_the_units_of_a_shuffled_copy_find_their_places_again(kind):
    network = trained(1) if kind == "mlp" else Bypass(BypassSpec(sizes=(7, 5)), PIXELS, generator()).eval()

    found = matched(shuffled(network), network, seed=0)

    assert all(torch.equal(tensor, network.state_dict()[name]) for name, tensor in found.state_dict().items())


def test_matching_brings_two_networks_closer_and_changes_no_function(pair):
    first, second = pair

    found = matched(second, first, seed=0)

    before, after = ((origin(each) - origin(first)).norm() for each in (second, found))
    assert after < 0.97 * before
    with torch.no_grad():
        torch.testing.assert_close(found(IMAGES), second(IMAGES), rtol=1e-4, atol=1e-4)


def test_the_barrier_is_the_largest_excess_over_the_line_between_the_ends():
    def path(losses):
        return pd.DataFrame({"position": np.linspace(0, 1, len(losses)), "loss": losses})

    assert barrier(path([1.0, 4.0, 3.0])) == pytest.approx(2.0)
    assert barrier(path([0.0, 0.1, 1.0])) == 0  # below the line
    assert barrier(path([2.0, 2.5, 1.0, 0.0])) == pytest.approx(2.5 - 4 / 3)


def test_the_curve_passes_through_its_ends_and_has_the_tangents_of_a_bezier_curve():
    a, m, b = torch.randn(3, 5, dtype=torch.float64, generator=generator())

    assert torch.equal(bezier(a, m, b, 0), a)
    assert torch.equal(bezier(a, m, b, 1), b)
    slope = (bezier(a, m, b, 1e-7) - a) / 1e-7
    torch.testing.assert_close(slope, 2 * (m - a), rtol=1e-5, atol=1e-5)


def test_one_step_of_the_fit_follows_the_derivative_of_the_loss_on_the_curve(pair):
    """Adam's first step is the learning rate times the sign of the gradient."""
    first, second = pair
    config = configured.landscape().interpolation.model_copy(
        update={"curve_steps": 1, "batch_size": 50, "learning_rate": 1e-3}
    )
    weights = WeightSpace(first, batch_statistics=True)
    start, end = origin(first), origin(second)

    middle = fit_curve(weights, start, end, IMAGES, LABELS, config, seed=4)

    source = generator(4)
    position = float(torch.rand((), generator=source))
    batch = torch.randint(300, (50,), generator=source)
    point = bezier(start, torch.lerp(start, end, 0.5), end, position)
    gradient = WeightSpace(first, batch_statistics=True).gradient(IMAGES[batch], LABELS[batch], point)
    moved = middle - torch.lerp(start, end, 0.5)
    clear = gradient.abs() > 1e-5
    assert torch.equal(moved[clear].sign(), -gradient[clear].sign())


def test_the_fitted_curve_has_a_lower_barrier_than_the_straight_line(pair):
    config = configured.landscape().interpolation.model_copy(
        update={"points": 9, "curve_steps": 60, "batch_size": 100, "learning_rate": 0.01}
    )

    found = interpolate(*pair, IMAGES, LABELS, IMAGES, LABELS, config, seed=0)

    assert found.barriers["curve"] < 0.5 * found.barriers["straight"]
    assert found.distance["matched"] < found.distance["straight"]
    table = found.table
    assert table["path"].value_counts().to_dict() == {"straight": 9, "matched": 9, "curve": 9}
    ends = [WeightSpace(network, batch_statistics=True).score(IMAGES, LABELS).loss for network in pair]
    for _, path in table.groupby("path"):
        assert path["loss"].iloc[[0, -1]].to_numpy() == pytest.approx(ends, rel=1e-4)
    assert no_paths().dtypes.to_dict() == table.dtypes.to_dict()


def test_a_seed_gives_the_same_paths(pair):
    config = configured.landscape().interpolation.model_copy(update={"points": 3, "curve_steps": 3, "batch_size": 20})

    first, second = (interpolate(*pair, IMAGES, LABELS, IMAGES, LABELS, config, seed=5).table for _ in range(2))

    pd.testing.assert_frame_equal(first, second)


def test_the_networks_are_left_as_they_were(pair, unchanged):
    config = configured.landscape().interpolation.model_copy(update={"points": 3, "curve_steps": 2, "batch_size": 20})
    with unchanged(pair[0].train(), IMAGES.numpy()), unchanged(pair[1]):
        interpolate(*pair, IMAGES, LABELS, IMAGES, LABELS, config, seed=0)
    pair[0].eval()
