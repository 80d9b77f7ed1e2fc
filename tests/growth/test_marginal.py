"""Widening layer by layer."""

from mnist_growth.growth import widths_within
from mnist_growth.network import MLPSpec

SPEC = MLPSpec(hidden_widths=(4, 4, 4), batch_norm=True)  # a unit costs 788, 8 and 14 multiply-adds
COST = SPEC.forward_multiply_adds


def test_the_layer_with_the_largest_gain_per_multiply_add_is_widened():
    assert widths_within(SPEC, (1, 1, 1), COST + 16, 8, 2) == (4, 6, 4)
    assert widths_within(SPEC, (1, 1, 2), COST + 28, 8, 2) == (4, 4, 6)
    assert widths_within(SPEC, (400, 1, 1), COST + 2 * 788, 8, 2) == (6, 4, 4)


def test_nothing_is_widened_if_the_best_layer_is_not_affordable():
    assert widths_within(SPEC, (400, 1, 1), COST + 2 * 788 - 1, 8, 2) == (4, 4, 4)


def test_a_layer_of_the_largest_width_leaves_the_rest_to_the_others():
    assert widths_within(SPEC, (1, 400, 1), 10**9, 8, 2) == (8, 8, 8)
    assert widths_within(SPEC, (0.1, 400, 1), COST + 4 * 8 + 2 * 18, 8, 2) == (4, 8, 6)


def test_the_gain_per_unit_decreases_with_the_width():
    # Per multiply-add the gains are 1/32, then 1/48 of the second layer, and 1/40 of the third one.
    assert widths_within(SPEC, (0.001, 1, 1.4), COST + 16 + 2 * 16, 8, 2) == (4, 6, 6)


def test_the_cost_stays_within_the_limit():
    grown = SPEC.with_widths(widths_within(SPEC, (300, 1, 2), 3 * COST, 64, 2))

    assert 2 * COST < grown.forward_multiply_adds <= 3 * COST
