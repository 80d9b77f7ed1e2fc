import pandas as pd
import plotly.graph_objects as go
import pytest

from html_page import Page
from mnist_growth.report import comparison_report

COMPARED = {
    "network": "64-64 after 9 epochs, version b",
    "baseline_network": "32-32 after 9 epochs, version a",
    "accuracy": 0.98,
    "baseline_accuracy": 0.97,
    "difference": 0.01,
    "difference_low": 0.002,
    "difference_high": 0.018,
    "examples": 1000,
    "dataset": "sample",
    "mcnemar_p_value": 0.01,
}


@pytest.fixture
def show(trained, facts):
    """The page of a comparison with changed numbers."""

    def page(**changes):
        results = {
            "comparison": {**COMPARED, **changes},
            "comparison_by_class": pd.DataFrame(columns=["digit", "examples"]),
            "comparison_figure": go.Figure(),
            "disagreements_figure": go.Figure(),
        }
        return Page(comparison_report(trained, results, {}, facts))

    return page


@pytest.mark.parametrize(
    ("p_value", "difference", "headline"),
    [
        (0.01, 0.01, "The network is better by 1.00 percentage points"),
        (0.049, -0.0123, "The baseline is better by 1.23 percentage points"),
        (0.051, 0.01, "No evidence that one network is better than the other"),
    ],
)
def test_the_headline_is_the_result_of_the_test(show, p_value, difference, headline):
    assert show(mcnemar_p_value=p_value, difference=difference).headings[0] == headline


def test_the_lead_has_both_networks_with_their_accuracies_and_the_interval(show):
    assert show().paragraphs[:2] == [
        "98.00 % and 97.00 % of the 1,000 test digits of sample recognised: a difference of +1.00 percentage points, "
        "95 % interval +0.20 to +1.80.",
        "Network: 64-64 after 9 epochs, version b. Baseline: 32-32 after 9 epochs, version a.",
    ]
