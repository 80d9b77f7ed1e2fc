"""Plans for a budget: what they cost, what they prefer, and the law behind them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from benchmarks.growth import law
from mnist_growth.growth import affordable_plans, plan_for_budget, planned_widths
from mnist_growth.growth.scaling_law import MEASURED
from mnist_growth.network.mlp import MLPSpec
from tests import configured

IMAGES = 54_000


def spec(width=512):
    return MLPSpec(hidden_widths=(width,) * 3, batch_norm=True)


def epochs_of(width, count):
    """Multiply-adds of some epochs."""
    return count * IMAGES * spec(width).training_multiply_adds


def bounds(smallest=128, largest=512):
    return configured.growth(trigger="budget", budget_multiply_adds=1e12, initial_neurons=smallest, max_neurons=largest)


@settings(deadline=None, max_examples=50)
@given(st.integers(8, 300), st.integers(0, 500), st.floats(1, 60))
def test_no_plan_costs_more_than_the_budget_and_each_can_be_carried_out(smallest, room, times):
    config = bounds(smallest, smallest + room)
    budget = times * epochs_of(smallest, 1)
    plans = affordable_plans(spec(), config, IMAGES, budget)
    assert plans
    for plan in plans:
        growth = plan.growth(config)
        widths = [
            planned_widths(epoch, growth, spec().with_equal_neurons(growth.initial_neurons))
            if growth.plan
            else (growth.initial_neurons,) * 3
            for epoch in range(plan.epochs)
        ]
        spent = sum(IMAGES * spec().with_widths(each).training_multiply_adds for each in widths)
        assert spent == plan.multiply_adds <= budget
        assert widths[-1] == (plan.last,) * 3
        assert smallest <= plan.first <= plan.last <= smallest + room
        assert growth.model_validate(growth.model_dump()) == growth  # a resumed training reads it again


def test_more_computation_goes_into_wider_networks_and_more_epochs():
    plans = [plan_for_budget(spec(), bounds(), IMAGES, epochs_of(512, epochs)) for epochs in (3, 8, 20, 60)]
    assert [plan.last for plan in plans] == sorted(plan.last for plan in plans)
    assert [plan.epochs for plan in plans] == sorted(plan.epochs for plan in plans)
    assert plans[0].last < plans[-1].last


def test_the_network_grows_only_where_no_fixed_width_is_expected_to_be_better():
    for largest, epochs in ((512, 5), (512, 90), (2048, 2), (2048, 20)):
        budget = epochs_of(largest, epochs)
        plans = affordable_plans(spec(), bounds(largest=largest), IMAGES, budget)
        best = plan_for_budget(spec(), bounds(largest=largest), IMAGES, budget)
        fixed = min(plan.error for plan in plans if plan.narrow_epochs == 0)
        assert best.error <= fixed
        assert (best.narrow_epochs > 0) == (best.error < fixed)
    assert best.narrow_epochs > 0  # with the most computation it pays


def test_growing_pays_where_the_final_width_is_large_for_the_budget():
    def gain(width, epochs):
        plans = affordable_plans(spec(), bounds(largest=width), IMAGES, epochs_of(width, epochs))
        at_the_end = [plan for plan in plans if plan.last == width]
        fixed = min(plan.error for plan in at_the_end if plan.narrow_epochs == 0)
        return fixed - min(plan.error for plan in at_the_end if plan.narrow_epochs)

    assert gain(2048, 2) > gain(512, 3) > gain(512, 20) > 0


def test_a_budget_below_one_epoch_is_refused():
    with pytest.raises(
        ValueError, match=r"budget_multiply_adds' is 1e\+09, but one epoch with 128 neurons .* increase"
    ):
        plan_for_budget(spec(), bounds(), IMAGES, 1e9)


def test_the_trigger_needs_a_budget():
    with pytest.raises(ValidationError, match=r"budget_multiply_adds' is null; set it"):
        configured.growth(trigger="budget")


def test_the_law_is_the_fit_to_the_measured_trainings():
    found, residuals = law.fit(law.read())
    for name, constant in vars(MEASURED).items():
        assert getattr(found, name) == pytest.approx(constant, rel=2e-3), name
    assert (residuals**2).mean() ** 0.5 < 0.035


def test_passes_with_a_small_network_count_less():
    assert MEASURED.value(128) == 0
    assert 0 < MEASURED.value(256) < MEASURED.value(512) < 1
    assert replace(MEASURED, useless_width=100, value_exponent=2).value(200) == pytest.approx(0.75)
    by_hand = MEASURED.floor + MEASURED.width_error + MEASURED.passes_error
    assert MEASURED.error(256, 540_000) == pytest.approx(by_hand)
