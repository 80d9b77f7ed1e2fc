import numpy as np
import pytest

import configured
from mnist_growth.drift import FEATURES, compare, count_all, histogram_table, watch


def pieces(features, size):
    count = len(features["ink"])
    for start in range(0, count, size):
        yield {name: values[start : start + size] for name, values in features.items()}


@pytest.mark.parametrize("size", [1, 40, 100, 250])
def test_windows_are_consecutive_and_the_last_one_overlaps(reference, usual, size):
    config = configured.drift(window=100, min_images=10)

    report = watch(reference, pieces(usual(250), size), config)

    places = report.drop_duplicates("window")[["window", "first_image", "last_image", "images"]]
    assert places.to_numpy().tolist() == [[1, 1, 100, 100], [2, 101, 200, 100], [3, 151, 250, 100]]
    assert report["feature"].tolist() == [*FEATURES] * 3


def test_measures_of_a_window_equal_those_of_a_comparison(reference, usual):
    config, features = configured.drift(window=100), usual(200, 3)

    report = watch(reference, pieces(features, 100), config)

    second = {name: values[100:] for name, values in features.items()}
    expected = compare(reference, second, config)
    found = report[report["window"] == 2]
    assert found["psi"].tolist() == [feature.psi for feature in expected]
    assert found["alarm"].tolist() == [feature.alarm for feature in expected]
    assert np.isnan(found.set_index("feature").loc["digit", "ks"])


def test_fewer_images_than_a_window_are_compared(reference, usual):
    report = watch(reference, [usual(30)], configured.drift())

    assert report["images"].tolist() == [30] * 6
    assert not report["alarm"].any()


def test_without_images_the_report_is_empty(reference):
    report = watch(reference, [], configured.drift())

    assert len(report) == 0
    assert report["alarm"].dtype == bool
    assert report["psi"].dtype == np.float64


def test_an_alarm_is_raised_in_the_first_window_that_has_changed(reference, usual):
    inverted = usual(500, 2, pixel_mean=np.full(500, 0.87))

    report = watch(reference, [usual(500, 1), inverted], configured.drift())

    assert report[report["alarm"]][["window", "feature"]].to_numpy().tolist() == [[2, "pixel_mean"]]


def test_histograms_count_all_images(reference, usual):
    features = usual(500, 1, slant=np.where(np.arange(500) < 50, np.nan, 0.0))

    counts = count_all(reference, pieces(features, 77))
    table = histogram_table(reference, counts).set_index(["feature", "bin"])

    assert {name: values.sum() for name, values in counts.items()} == dict.fromkeys(FEATURES, 500)
    shares = table.groupby("feature").sum().to_numpy()
    assert shares == pytest.approx(1)
    assert table.loc[("slant", "none"), "current"] == 0.1
    assert ("ink", "none") not in table.index
    assert table.loc["digit"].index.tolist() == [str(digit) for digit in range(10)]
    assert table.loc[("digit", "3"), "current"] == (features["digit"] == 3).mean()
