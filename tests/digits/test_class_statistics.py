from importlib import import_module

import numpy as np
import pytest

from mnist_growth.digits import class_statistics, sample_digits


def test_statistics_match_numpy(monkeypatch):
    monkeypatch.setattr(import_module("mnist_growth.digits.class_statistics"), "_CHUNK", 130)
    digits = sample_digits().test

    statistics = class_statistics(digits.images, digits.labels, 10)

    for label in range(10):
        members = digits.images[digits.labels == label].astype(float)
        assert statistics.count[label] == len(members) == 50
        assert statistics.mean[label] == pytest.approx(members.mean())
        assert statistics.deviation[label] == pytest.approx(members.std())
        assert statistics.mean_image[label] == pytest.approx(members.mean(axis=0))
        assert statistics.deviation_image[label] == pytest.approx(members.std(axis=0), abs=1e-6)


def test_mean_of_missing_class_is_nan():
    statistics = class_statistics(np.full((3, 28, 28), 9, np.uint8), np.array([1, 1, 4]), 10)

    assert statistics.count.tolist() == [0, 2, 0, 0, 1, 0, 0, 0, 0, 0]
    assert np.isnan(statistics.mean[0])
    assert np.isnan(statistics.mean_image[0]).all()
    assert (statistics.mean[4], statistics.deviation[4]) == (9, 0)
