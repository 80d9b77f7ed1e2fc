"""Fronts of points, and the area that they dominate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna._hypervolume import compute_hypervolume

from mnist_growth.evaluation import hypervolume, pareto_front

POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(POINTS)
def test_the_front_is_that_of_all_comparisons(points):
    def dominates(first, second):
        return first != second and first[0] <= second[0] and first[1] <= second[1]

    expected = [not any(dominates(other, point) for other in points) for point in points]

    assert pareto_front(points).tolist() == expected


@settings(max_examples=60, deadline=None)
@given(POINTS)
def test_the_hypervolume_is_the_number_of_dominated_squares_and_that_of_optuna(points):
    squares = [(x, y) for x in range(5) for y in range(5)]

    dominated = sum(any(first <= x and second <= y for first, second in points) for x, y in squares)

    assert hypervolume(points, (5.0, 5.0)) == dominated
    inside = np.array([point for point in points if max(point) < 5], float).reshape(-1, 2)
    if len(inside):
        assert hypervolume(points, (5.0, 5.0)) == pytest.approx(compute_hypervolume(inside, np.array([5.0, 5.0])))
