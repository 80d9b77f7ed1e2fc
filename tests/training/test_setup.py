import numpy as np
import pytest

from mnist_growth.digits import Split
from mnist_growth.digits.statistics import MNIST_PIXELS
from mnist_growth.growth import affordable_plans
from mnist_growth.learning import objective_factory, objective_for
from mnist_growth.training import start_training
from mnist_growth.training.setup import split_fingerprint

SMALL_ATTENTION = {"patch_side": 14, "stream_width": 6, "head_width": 2, "neurons_per_head": 3, "blocks": 1}


def test_splits_that_differ_in_any_way_have_different_fingerprints():
    parts = [([0, 1], [2, 3]), ([0], [1, 2, 3]), ([0, 1, 2], [3]), ([2, 3], [0, 1]), ([0, 1], [2, 4]), ([0, 1], [2])]
    splits = [Split(np.array(train), np.array(validation)) for train, validation in parts]

    assert len({split_fingerprint(split) for split in splits}) == len(splits)
    assert split_fingerprint(splits[0]) == split_fingerprint(Split(np.array([0, 1]), np.array([2, 3])))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_new_training_has_the_precision_and_the_threads_that_it_runs_with_and_the_run(make_training, precision):
    made = make_training(training={"precision": precision})

    training = start_training(made.setup, made.digits, made.split, MNIST_PIXELS, made.machine, run_id="run-7")

    assert training.setup.training.precision == precision
    assert training.setup.threads == made.machine.threads
    assert training.state.run_id == "run-7"


def test_a_budget_becomes_the_plan_with_the_smallest_expected_error(make_training, caplog):
    fixed = make_training(growth={"initial_neurons": 10}).setup
    images = len(make_training().split.train)
    budget = 3.5 * images * fixed.initial_spec.training_multiply_adds

    with caplog.at_level("INFO"):
        setup = make_training(growth={"trigger": "budget", "budget_multiply_adds": budget}).setup

    best = min(
        affordable_plans(fixed.initial_spec, make_training().setup.growth, images, budget), key=lambda p: p.error
    )
    assert (setup.growth, setup.training.epochs) == (best.growth(setup.growth), best.epochs)
    assert setup.initial_spec.widths == (best.first, best.first)
    assert f"pays for {best.epochs} epochs: {best.first} neurons" in caplog.text


def test_the_objective_computes_the_loss_in_the_parameters_unless_another_is_given(make_training):
    made = make_training(training={"loss": "margin"})
    given = (made.setup, made.digits, made.split, MNIST_PIXELS, made.machine)

    assert start_training(*given).objective is objective_factory("margin") is not objective_for
    assert start_training(*given, objective=objective_for).objective is objective_for


def test_growth_that_a_group_does_not_offer_is_refused_before_the_training(make_training):
    network = {"kind": "capsules", "capsules": {"primary_size": 3}}
    grows = make_training(network=network, growth={"operator": "net2net_split"})
    with pytest.raises(ValueError, match=r"The units of primary .*; choose another growth.operator"):
        start_training(grows.setup, grows.digits, grows.split, MNIST_PIXELS, grows.machine)

    heads = make_training(network={"kind": "attention", "attention": SMALL_ATTENTION}, growth={"where": "largest_gain"})
    with pytest.raises(ValueError, match=r"The units of blocks\.0\.attention .*; choose growth.where=all"):
        start_training(heads.setup, heads.digits, heads.split, MNIST_PIXELS, heads.machine)

    fixed = make_training(network=network, growth={"operator": "net2net_split", "max_neurons": 6})
    assert start_training(fixed.setup, fixed.digits, fixed.split, MNIST_PIXELS, fixed.machine).state.network.widths
