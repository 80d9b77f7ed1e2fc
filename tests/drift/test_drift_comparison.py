import numpy as np
import pytest
from scipy import stats

import configured
from mnist_growth.drift import compare, has_drifted, kl_divergence, smoothed
from mnist_growth.drift.reference import bin_counts


def by_name(result):
    return {drift.feature: drift for drift in result}


def test_images_like_those_of_training_raise_no_alarm(reference, config, usual):
    for seed in range(1, 21):
        assert not has_drifted(compare(reference, usual(500, seed), config))


def test_a_changed_feature_raises_its_own_alarm_and_no_other(reference, config, usual):
    for name, values in {
        "pixel_mean": np.full(500, 0.87),
        "slant": np.random.default_rng(1).normal(70, 15, 500),
        "thickness": np.random.default_rng(1).normal(6, 1, 500),
        "digit": np.full(500, 3.0),
        "confidence": np.full(500, 0.4),
    }.items():
        result = by_name(compare(reference, usual(500, 1, **{name: values}), config))
        assert {key for key, drift in result.items() if drift.alarm} == {name}


def test_measures_equal_those_of_the_histograms_and_of_scipy(reference, config, usual):
    current = usual(300, 1)

    drift = by_name(compare(reference, current, config))["slant"]

    training = reference.features["slant"]
    counts = bin_counts(current["slant"], training.edges)
    assert drift.images == 300
    assert drift.kl == kl_divergence(smoothed(training.counts, 0.5), smoothed(counts, 0.5))
    expected = stats.ks_2samp(training.sample, current["slant"], method="asymp")
    assert (drift.ks, drift.ks_p_value) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))


def test_digits_have_no_kolmogorov_smirnov_distance(reference, config, usual):
    drift = by_name(compare(reference, usual(300), config))["digit"]

    assert drift.ks is None
    assert drift.ks_p_value is None


@pytest.mark.parametrize(("images", "alarm"), [(99, False), (100, True)])
def test_few_images_raise_no_alarm(reference, config, usual, images, alarm):
    assert config.min_images == 100
    current = usual(images, pixel_mean=np.full(images, 0.9))

    assert has_drifted(compare(reference, current, config)) == alarm


@pytest.mark.parametrize("measure", ["kl", "psi", "ks"])
def test_exceeding_one_limit_raises_an_alarm(reference, usual, measure):
    limits = {"kl": 1e9, "psi": 1e9, "ks": 1.0}
    current = usual(500, slant=np.full(500, 80.0))

    assert not has_drifted(compare(reference, current, configured.drift(style=limits, prediction=limits)))
    strict = limits | {measure: 0.5}
    found = by_name(compare(reference, current, configured.drift(style=strict, prediction=limits)))["slant"]
    assert found.alarm
    assert (found.measure, found.times_limit) == (measure, getattr(found, measure) / 0.5)


def test_images_without_ink_raise_an_alarm(reference, config, usual):
    nothing = np.full(500, np.nan)

    result = by_name(compare(reference, usual(500, slant=nothing, thickness=nothing), config))

    assert result["slant"].alarm
    assert result["slant"].ks == 1
