import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from mnist_growth.drift import kl_divergence, population_stability_index, smoothed
from mnist_growth.drift.divergences import ks_test

HISTOGRAMS = arrays(np.int64, 10, elements=st.integers(0, 1000))


def test_divergences_of_a_coin_are_those_computed_by_hand():
    fair, biased = np.array([0.5, 0.5]), np.array([0.9, 0.1])

    assert kl_divergence(fair, biased) == pytest.approx(0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1))
    assert kl_divergence(fair, biased) == pytest.approx(0.5108256)
    assert kl_divergence(biased, fair) == pytest.approx(0.3680642)
    assert population_stability_index(fair, biased) == pytest.approx(0.4 * math.log(9))


def test_smoothing_is_that_computed_by_hand():
    assert smoothed(np.array([3, 0, 1]), 0.5).tolist() == pytest.approx([3.5 / 5.5, 0.5 / 5.5, 1.5 / 5.5])


@settings(deadline=None, max_examples=50)
@given(HISTOGRAMS, HISTOGRAMS, st.floats(0.01, 10))
def test_divergences_equal_those_of_scipy(first, second, smoothing):
    p, q = smoothed(first, smoothing), smoothed(second, smoothing)

    assert p.sum() == pytest.approx(1)
    assert (p > 0).all()
    assert kl_divergence(p, q) == pytest.approx(stats.entropy(p, q), abs=1e-12)
    assert population_stability_index(p, q) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), abs=1e-12)
    assert kl_divergence(p, p) == population_stability_index(p, p) == 0


def test_the_kolmogorov_smirnov_distance_is_that_computed_by_hand():
    # Of the values up to 2, the first has all and the second a quarter.
    distance, _ = ks_test(np.array([0.0, 1.0, 2.0]), np.array([2.0, 3.0, 4.0, 5.0]))

    assert distance == pytest.approx(0.75)


@settings(deadline=None, max_examples=50)
@given(arrays(np.float64, 30, elements=st.floats(-5, 5)), arrays(np.float64, 20, elements=st.floats(-5, 5)))
def test_the_distance_is_the_largest_between_the_distribution_functions(first, second):
    points = np.concatenate([first, second])
    largest = max(abs((first <= point).mean() - (second <= point).mean()) for point in points)

    assert ks_test(first, second)[0] == pytest.approx(largest)
    assert ks_test(first, second)[1] == pytest.approx(stats.ks_2samp(first, second, method="asymp").pvalue)


def test_the_distance_to_an_empty_sample_is_one():
    some, none = np.ones(5), np.empty(0)

    assert ks_test(some, none) == ks_test(none, some) == (1, 0)
    assert ks_test(none, none) == (0, 1)
