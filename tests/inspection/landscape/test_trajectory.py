import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.decomposition import TruncatedSVD
from small_hessian import exact_hessian, small_digits

import configured
from laboratory import IMAGES, LABELS, Laboratory
from mnist_growth.inspection.landscape import (
    Moment,
    embedded_in_last,
    growth_curvature,
    no_trajectory,
    origin,
    trajectory,
)
from mnist_growth.network import GrowingMLP, evaluation_mode, score

LABORATORY = Laboratory()


def copied(network):
    twin = GrowingMLP(network.widths, batch_norm=network.batch_norm).double()
    twin.load_state_dict(network.state_dict())
    return twin.eval()


@pytest.fixture(scope="module")
def moments() -> list[Moment]:
    """A training of four epochs that grows after the second and after the third."""
    network, optimizer = LABORATORY.train((6, 5), steps=0)
    found = [Moment(0, copied(network))]
    for epoch, counts in enumerate([None, [3, 0], [2, 4], None], start=1):
        for _ in range(3):
            LABORATORY.descend(network, optimizer)
        found.append(Moment(epoch, copied(network)))
        if counts:
            [network], widenings = LABORATORY.grow([network], counts, seed=epoch)
            optimizer.grow(network, widenings)
            found.append(Moment(epoch, copied(network)))
    return found


def test_the_plane_is_that_of_the_singular_vectors_of_the_differences_from_the_end(moments):
    found = trajectory(moments, IMAGES, LABELS)

    vectors = torch.stack([origin(network) for network in embedded_in_last([m.network for m in moments])]).numpy()
    differences = vectors - vectors[-1]
    _, singular, directions = np.linalg.svd(differences, full_matrices=False)
    for ours, theirs in zip(found.directions, directions, strict=False):
        assert abs(float(ours @ torch.from_numpy(theirs))) == pytest.approx(1, abs=1e-9)
    assert found.explained == pytest.approx(singular[:2] ** 2 / (singular**2).sum())
    svd = TruncatedSVD(2, random_state=0).fit(differences)  # not centred either
    assert np.abs(svd.transform(differences)) == pytest.approx(np.abs(found.table[["x", "y"]].to_numpy()), abs=1e-6)


def test_the_table_says_where_each_network_is_and_how_good(moments):
    table = trajectory(moments, IMAGES, LABELS).table

    assert table["epoch"].tolist() == [0, 1, 2, 2, 3, 3, 4]
    assert table["event"].tolist() == [
        "start", "epoch", "before growth", "after growth", "before growth", "after growth", "end",
    ]  # fmt: skip
    assert table["widths"].tolist() == ["6-5"] * 3 + ["9-5"] * 2 + ["11-9"] * 2
    assert table["parameters"].tolist() == [moment.network.parameter_count for moment in moments]
    expected = [score(moment.network, IMAGES, LABELS, torch.arange(64)) for moment in moments]
    assert table["loss"].to_numpy() == pytest.approx([each.loss for each in expected])
    assert table["accuracy"].to_numpy() == pytest.approx([each.accuracy for each in expected])
    last = table.iloc[-1]
    assert (last["x"], last["y"], last["distance"]) == (0, 0, 0)
    assert np.isnan(last["explained"])
    inside = table["x"] ** 2 + table["y"] ** 2
    assert table["explained"][:-1].to_numpy() == pytest.approx((inside / table["distance"] ** 2)[:-1])
    assert (table["explained"][:-1] <= 1 + 1e-9).all()


def test_a_growth_without_noise_does_not_move_the_network(moments):
    """Zero fan-out adds units that do nothing: before and after are the same point."""
    table = trajectory(moments, IMAGES, LABELS).table

    before, after = (table[table["event"] == f"{word} growth"] for word in ("before", "after"))
    assert before[["x", "y", "distance", "loss"]].to_numpy() == pytest.approx(
        after[["x", "y", "distance", "loss"]].to_numpy()
    )


def test_it_starts_after_the_last_new_layer(moments):
    shallow = Moment(0, GrowingMLP((6,)).double().eval())

    found = trajectory([shallow, shallow, *moments], IMAGES, LABELS)

    assert found.skipped == 2
    pd.testing.assert_frame_equal(found.table, trajectory(moments, IMAGES, LABELS).table)


def test_too_few_networks_for_a_plane_are_refused(moments):
    with pytest.raises(ValueError, match=r"has 2 snapshots since its last new layer.*larger checkpoints\.keep"):
        trajectory(moments[:2], IMAGES, LABELS)


def test_a_missing_trajectory_has_the_same_columns(moments):
    found = trajectory(moments, IMAGES, LABELS).table

    assert no_trajectory().dtypes.to_dict() == found.dtypes.to_dict()
    assert no_trajectory().empty


def test_the_curvature_before_and_after_a_growth_is_that_of_the_exact_hessians():
    images, labels = small_digits()
    narrow = GrowingMLP((2, 2), generator=torch.Generator().manual_seed(5)).double()
    for _ in range(3):  # running statistics that are not the initial ones
        narrow.train()(images)
    narrow.eval()
    [wide] = LABORATORY.grow([narrow], [1, 1])[0]
    pair = [Moment(3, narrow), Moment(3, wide), Moment(5, wide)]
    config = configured.landscape().growth.model_copy(update={"steps": 60, "trace_probes": 60})

    table = growth_curvature(pair, images, labels, config, seed=2)

    assert table["epoch"].tolist() == [3, 3]
    assert table["moment"].tolist() == ["before", "after"]
    assert table["widths"].tolist() == ["2-2", "3-3"]
    assert table["loss"][0] == pytest.approx(table["loss"][1])  # the function is the same
    for row, network in zip(table.itertuples(), (narrow, wide), strict=True):
        exact = np.linalg.eigvalsh(exact_hessian(network, images, labels).numpy())
        assert row.largest_eigenvalue == pytest.approx(exact[-1], rel=1e-6)
        assert row.smallest_eigenvalue == pytest.approx(exact[0], rel=1e-6)
        assert row.trace == pytest.approx(exact.sum(), rel=1e-9)  # the subspace holds the whole range


def test_networks_that_were_trained_in_between_are_not_the_two_sides_of_a_growth(moments):
    config = configured.landscape().growth
    before, after = moments[1], moments[3]
    assert (before.epoch, after.epoch) == (1, 2)

    assert growth_curvature([before, after], IMAGES, LABELS, config, seed=2).empty


def test_without_a_growth_its_table_is_empty_and_has_the_same_columns(moments):
    config = configured.landscape().growth

    assert growth_curvature(moments[:2], IMAGES, LABELS, config, seed=2).empty
    assert "largest_eigenvalue" in growth_curvature(moments[:2], IMAGES, LABELS, config, seed=2)


def test_evaluation_mode_is_not_needed(moments):
    moments[0].network.train()
    with evaluation_mode(moments[0].network):
        expected = score(moments[0].network, IMAGES, LABELS, torch.arange(64)).loss

    assert trajectory(moments, IMAGES, LABELS).table["loss"][0] == pytest.approx(expected)
    assert moments[0].network.training
    moments[0].network.eval()
