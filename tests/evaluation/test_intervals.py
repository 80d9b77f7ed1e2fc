import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import binomtest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from mnist_growth.evaluation import difference_interval, mean_interval, paired_difference_interval, wilson_interval

COUNTS = st.integers(1, 20_000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@settings(deadline=None, max_examples=100)
@given(COUNTS)
def test_wilson_interval_matches_scipy(counts):
    successes, trials = counts
    expected = binomtest(successes, trials).proportion_ci(method="wilson")

    low, high = wilson_interval(successes, trials)

    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= successes / trials <= high <= 1


def test_vectorised_intervals_match_statsmodels():
    successes, trials = np.array([[0, 5], [9_941, 7]]), np.array([[10, 10], [10_000, 7]])

    low, high = wilson_interval(successes, trials)

    expected_low, expected_high = proportion_confint(successes, trials, method="wilson")
    assert low == pytest.approx(expected_low, abs=1e-12)
    assert high == pytest.approx(expected_high, abs=1e-12)


def test_hand_computed_case():
    # With z^2 = 3.8415: centre (0.5 + 3.8415 / 20) / (1 + 3.8415 / 10), and the reach around it.
    low, high = wilson_interval(5, 10)

    assert (float(low), float(high)) == pytest.approx((0.23659, 0.76341), abs=1e-5)


def test_interval_without_trials_is_nan():
    assert np.isnan(wilson_interval(0, 0)).all()
    assert np.isnan(difference_interval(0, 0, 1, 2)).all()


@settings(deadline=None, max_examples=100)
@given(COUNTS, COUNTS)
def test_difference_interval_matches_statsmodels(first, second):
    expected = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")

    assert difference_interval(*first, *second) == pytest.approx(expected, abs=1e-9)


def test_example_from_newcombe():
    # Newcombe 1998, table II, column (a): 56/70 - 48/80 has the interval 0.0524 to 0.3339 by method 10.
    low, high = difference_interval(56, 70, 48, 80)

    assert (float(low), float(high)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("only_first", "only_second", "trials"), [(0, 0, 5), (30, 20, 10_000), (4, 0, 20)])
def test_paired_interval_is_the_adjusted_wald_interval(only_first, only_second, trials):
    both = (trials - only_first - only_second) / 2
    cells = np.array([[both, only_first], [only_second, both]]) + 0.5
    shares = cells / cells.sum()
    difference = shares.sum(axis=1)[0] - shares.sum(axis=0)[0]
    variance = (shares[0, 1] + shares[1, 0] - (shares[0, 1] - shares[1, 0]) ** 2) / cells.sum()

    low, high = paired_difference_interval(only_first, only_second, trials)

    assert (low + high) / 2 == pytest.approx(difference)
    assert (high - low) / 2 == pytest.approx(1.959964 * variance**0.5, rel=1e-6)


@pytest.mark.parametrize("shares", [(0.004, 0.004), (0.01, 0.002), (0.2, 0.1)])
def test_paired_interval_has_95_percent_coverage(shares):
    generator = np.random.default_rng(6)
    trials, (first, second) = 2_000, shares
    tables = generator.multinomial(trials, [first, second, 1 - first - second], size=2_000)

    bounds = np.array([paired_difference_interval(int(b), int(c), trials) for b, c, _ in tables])

    covered = ((bounds[:, 0] <= first - second) & (first - second <= bounds[:, 1])).mean()
    assert covered == pytest.approx(0.95, abs=0.02)


def test_the_interval_of_a_mean_is_that_of_scipy():
    values = np.random.default_rng(0).normal(3, 2, size=(4, 5))
    expected = stats.t.interval(0.95, 19, loc=values.mean(), scale=stats.sem(values.ravel()))
    assert mean_interval(values) == pytest.approx((values.mean(), *expected))
    mean, lower, upper = mean_interval([2.5])
    assert mean == 2.5
    assert np.isnan([lower, upper]).all()
