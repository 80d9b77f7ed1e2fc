"""Ticks of logarithmic axes."""

import pytest

from mnist_growth.figures.log_ticks import log_ticks


def test_ticks_are_whole_numbers_around_the_values():
    axis = log_ticks([1_400, 42_000], "{:,.6g}".format)
    assert axis["ticktext"] == ["1,000", "2,000", "5,000", "10,000", "20,000", "50,000"]
    assert axis["tickvals"] == pytest.approx([1e3, 2e3, 5e3, 1e4, 2e4, 5e4])
    assert axis["type"] == "log"


def test_a_narrow_range_has_more_ticks():
    axis = log_ticks([0.06, 0.13], "{:.3g}".format)
    assert axis["ticktext"] == ["0.04", "0.05", "0.06", "0.07", "0.08", "0.09", "0.1", "0.2"]


def test_one_value_has_at_least_one_tick():
    for value in (0.0013, 0.9, 1.0, 3.2, 7.9, 10.0):
        assert log_ticks([value], str)["tickvals"], value
