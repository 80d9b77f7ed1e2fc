import pandas as pd
import pytest

from html_page import Page
from mnist_growth.drift.watching import COLUMNS
from mnist_growth.report import drift_report


def row(window, feature, times, alarm=False, **values):
    """A row of the table of windows, with a limit of 0.5."""
    distances = {"kl": 0.0, "psi": 0.0, "ks": 0.0, "ks_p_value": 1.0, "measure": "kl", **values}
    distances[distances["measure"]] = 0.5 * times
    place = {"window": window, "first_image": 500 * window - 499, "last_image": 500 * window, "images": 500}
    return {**place, "feature": feature, **distances, "times_limit": times, "alarm": alarm}


@pytest.fixture
def show(trained, facts):
    """The page of some windows."""

    def page(*rows):
        windows = pd.DataFrame(rows, columns=[*COLUMNS]).astype(COLUMNS)
        return Page(drift_report(trained, windows, {}, {"predicted": 1000}, "1,000 images of here", {}, facts))

    return page


def test_each_feature_has_its_largest_distance_and_its_number_of_alarms(show):
    shown = show(
        row(1, "ink", 1.5, alarm=True),
        row(1, "slant", 0.25),
        row(2, "ink", 3, alarm=True, measure="psi"),
        row(2, "slant", 0.125),
    )

    assert shown.headings[0] == "Drift in 2 of 2 windows"
    assert shown.paragraphs[0] == "1,000 images of here."
    assert shown.tables["drift_features"][1:] == [
        ["ink", "population stability index, nats", "1.5000", "0.5", "3", "2", "2"],
        ["slant", "KL divergence, nats", "0.1250", "0.5", "0.25", "1", "0"],
    ]
    assert [alarm[0] for alarm in shown.tables["drift_alarms"][1:]] == ["2", "1"]


def test_without_an_alarm_there_is_no_table_of_alarms(show):
    shown = show(row(1, "ink", 0.5), row(1, "slant", 0.25))

    assert shown.headings[0] == "No drift in 1 window"
    assert "drift_alarms" not in shown.tables


def test_a_distance_of_zero_has_no_limit(show):
    assert show(row(1, "ink", 0)).tables["drift_features"][1][3] == "–"


def test_no_images_have_no_drift(show):
    shown = show()

    assert shown.headings[0] == "No images to compare with the training digits"
    assert shown.tables["drift_features"][1:] == []


def test_of_many_alarms_the_largest_are_listed(show):
    shown = show(*(row(number, "ink", 1 + number / 100, alarm=True) for number in range(1, 302)))

    assert len(shown.tables["drift_alarms"]) == 201
    assert shown.tables["drift_alarms"][1][0] == "301"
    assert any("the largest 200 of 301" in text for text in shown.paragraphs)
