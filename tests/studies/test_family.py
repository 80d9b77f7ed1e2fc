"""Families of networks from one training."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

import configured
from mnist_growth import studies
from mnist_growth.network import predict_logits
from mnist_growth.training import Checkpoint, Machine, last_spec, learning_rate, warp_strength

MACHINE = Machine("cpu", 1, 0.5)


@pytest.fixture
def family(laboratory):
    """Trunk and members, without processes."""

    def make(**changes):
        config = configured.family(**{"widths": [8, 12, 16], "trunk_epochs": 2, "cool_down_epochs": 1, **changes})
        data = laboratory.data
        trunk = studies.define_trunk(config, laboratory.recipe, data.train, data.split, laboratory.store.folder)
        return trunk, studies.define_members(config, laboratory.recipe, trunk)

    return make


def run(trial, laboratory, fails_after=0):
    def report(row):
        if row["epoch"] == fails_after:
            raise RuntimeError("killed")
        return False

    return trial.run(laboratory.data, MACHINE, report)


def test_the_trunk_grows_at_a_constant_rate_and_keeps_a_state_at_each_width(family, laboratory):
    trunk, _ = family()
    assert not trunk.is_kept()

    outcome = run(trunk, laboratory)

    assert [row["widths"] for row in outcome.history] == ["8", "8", "12", "12", "16", "16"]
    assert {row["learning_rate"] for row in outcome.history[1:]} == {laboratory.recipe.training.learning_rate}
    assert trunk.is_kept()
    kept = [Checkpoint.read(trunk.stages.path(epochs)).restore(torch.device("cpu")) for epochs in (2, 4, 6)]
    assert [state.network.widths for state in kept] == [(8,), (12,), (16,)]


def test_a_killed_trunk_continues_at_the_last_width_and_equals_an_uninterrupted_one(family, laboratory, tmp_path):
    trunk, _ = family()
    assert run(trunk, laboratory, fails_after=5).reason == "killed"
    assert len(list(trunk.stages.folder.iterdir())) == 2

    continued = run(trunk, laboratory)
    whole = run(replace(trunk, folder=tmp_path / "other"), laboratory)

    assert continued.value("validation_loss") == whole.value("validation_loss")
    assert [row["epoch"] for row in continued.history] == [1, 2, 3, 4, 5, 6]


def test_a_member_goes_on_from_its_width_and_its_rate_falls_to_0(family, laboratory):
    trunk, members = family(cool_down_epochs=2)
    run(trunk, laboratory)

    outcomes = [run(member, laboratory) for member in members]
    networks = [studies.load_member(member).network for member in members]

    assert [network.widths for network in networks] == [(8,), (12,), (16,)]
    for member, outcome, network in zip(members, outcomes, networks, strict=True):
        rates = [row["learning_rate"] for row in outcome.history[member.epochs :]]
        assert len(rates) == 2
        assert rates[1] < 0.3 * rates[0] < 0.3 * laboratory.recipe.training.learning_rate
        test = laboratory.data.test
        accuracy = np.mean(predict_logits(network, test.images).argmax(axis=1) == test.labels)
        assert accuracy == outcome.test_accuracy
    starts = [outcome.history[: member.epochs] for member, outcome in zip(members, outcomes, strict=True)]
    assert starts[0] == starts[2][:2]  # the same trunk


def test_rate_and_warps_of_a_member_fall_from_their_full_strength_over_its_own_epochs(family, laboratory):
    laboratory.recipe = laboratory.recipe.with_values({"warps.enabled": True, "warps.final_strength": 0.2})
    trunk, members = family(cool_down_epochs=4)

    for member in members:
        setup, full = member.setup, laboratory.recipe.training.learning_rate
        points = [member.epochs + number for number in range(5)]
        rates = [learning_rate(point, setup.training, setup.schedule_start) for point in points]
        warps = [warp_strength(point, setup.training.epochs, setup.warps, setup.schedule_start) for point in points]
        assert rates == pytest.approx([full * (1 + np.cos(np.pi * share)) / 2 for share in (0, 0.25, 0.5, 0.75, 1)])
        assert warps == pytest.approx([1, 0.8, 0.6, 0.4, 0.2])
    last = trunk.setup.training.epochs
    assert warp_strength(last, last, trunk.setup.warps) == 1


def test_a_member_needs_the_memory_of_the_trunk(family):
    trunk, [narrowest, *_] = family()

    assert last_spec(narrowest.largest_training).widths == (16,) == last_spec(trunk.setup).widths


def test_a_member_without_its_network_is_not_kept(family, laboratory):
    trunk, [member, *_] = family()
    run(trunk, laboratory)
    assert not member.is_kept()

    [(_, outcome)] = laboratory.study().run([member])
    assert outcome.state == "finished"
    assert member.is_kept()
    before = member.path.read_bytes()
    member.path.unlink()

    list(laboratory.study().run([member]))
    assert member.path.read_bytes() == before


def test_members_of_another_trunk_have_other_keys(family, laboratory):
    (trunk, members), (other, others) = family(), family(trunk_epochs=3)

    assert trunk.key != other.key
    assert len({each.key for each in [*members, *others]}) == 6
    assert members[0].key != replace(members[0], trunk=replace(trunk, setup=other.setup)).key


def test_the_work_of_the_family_is_that_of_the_trunk_and_of_all_cool_downs(family, laboratory):
    trunk, members = family()
    trunk_outcome = run(trunk, laboratory)
    pairs = [(member, run(member, laboratory)) for member in members]

    table = studies.family_table(pairs, trunk_outcome, len(laboratory.data.test))

    work = trunk_outcome.value("multiply_adds") + sum(
        outcome.value("multiply_adds") - outcome.history[member.epochs - 1]["multiply_adds"]
        for member, outcome in pairs
    )
    assert table["training_multiply_adds"].sum() == work
    assert table["width"].tolist() == [8, 12, 16]
    assert (table["accuracy"] == [outcome.test_accuracy for _, outcome in pairs]).all()
    assert (table["accuracy_low"] < table["accuracy"]).all()
    assert table["multiply_adds"].tolist() == [width * (784 + 10) for width in (8, 12, 16)]


def test_widths_that_do_not_increase_are_refused():
    with pytest.raises(ValidationError, match="'family.widths' is .*; expected each width to be larger"):
        configured.family(widths=[128, 128])
