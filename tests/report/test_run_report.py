from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go

import configured
from html_page import Page
from mnist_growth.report import run_report


def page(results, facts, parameters=None) -> Page:
    return Page(run_report(results, parameters or {}, facts))


def test_the_headline_is_the_result(results, facts):
    shown = page(results, facts)

    assert shown.headings[0] == "97.50 % of 1,000 test digits recognised"
    assert shown.paragraphs[0].startswith("The 95 % interval is 96.21 to 98.36 %. A growing perceptron with hidden")


def test_key_numbers_have_units_and_intervals(results, facts):
    rows = page(results, facts).tables["key_numbers"]

    assert ["test accuracy", "97.50 %", "96.21 to 98.36 %"] in rows
    assert ["test loss (negative log-likelihood)", "0.0813 nats", "–"] in rows
    assert not any("Brier" in row[0] for row in rows)  # not measured: not shown


def test_an_interval_stands_behind_its_value_and_what_is_not_known_is_a_dash(results, facts):
    rows = page(results, facts).tables["class_metrics"]

    assert rows[1] == ["0", "100", "90.00 %", "95.00 % (80.00 to 99.00 %)", "0.9200"]
    assert rows[10][3] == "–"


def test_only_pairs_with_mistakes_are_listed(results, facts):
    rows = page(results, facts).tables["confused_pairs"]

    assert rows[1:] == [["4", "9", "3", "1.51 % (0.50 to 4.34 %)", "2.00 %", "1.00 %"]]


def test_the_parts_of_the_digits_stand_beside_each_other(results, facts):
    rows = page(results, facts).tables["accuracy_by_part"]

    assert rows[1] == ["training", "4,000", "40", "99.00 % (98.70 to 99.20 %)", "0.0400 nats"]


def test_a_stand_in_is_called_one(results, facts):
    stand_in = replace(results, test_metrics={**results.test_metrics, "requested_dataset": "mnist"})

    assert page(results, facts).paragraphs[0].startswith("The 95 %")
    assert page(stand_in, facts).paragraphs[0].startswith("These are not mnist results: mnist could not be fetched")


def test_a_network_that_did_not_grow_has_no_table_of_growths(results, facts):
    fixed = replace(results, growth_events=results.growth_events.head(0))

    shown = page(fixed, facts)

    assert "The network did not grow." in shown.paragraphs
    assert "growth_events" not in shown.tables
    assert "growth_events" in page(results, facts).tables


def test_every_figure_is_shown_also_one_that_no_section_knows(results, facts):
    assert page(results, facts).figures == ["growth_figure", "unknown_figure"]


def test_layers_are_summed_up(results, facts):
    assert page(results, facts).tables["layer_costs"][-1] == ["all", "", "", "9,634", "9,584", "844"]


def test_configuration_has_parameters_also_of_models_and_versions(results, facts):
    shown = page(results, facts, {"training": {"epochs": 2}, "report": configured.report(), "dataset": "sample"})

    assert shown.tables["parameters"][1:] == [
        ["training.epochs", "2"],
        ["report.unit_digits", "1000"],
        ["report.png", "None"],
        ["dataset", "sample"],
    ]
    assert ["network", "2026-01-31T12.00.00.000Z"] in shown.tables["versions"]
    assert ["commit", "0123abc"] in shown.tables["run"]


def test_classes_are_counted_side_by_side(results, facts):
    shown = page(results, facts)

    assert shown.tables["class_counts"] == [["class", "train", "test"], ["0", "1", "4"], ["1", "2", "0"]]
    assert ["train.count", "3"] in shown.tables["data_manifest"]


def test_a_missing_analysis_is_said_to_be_missing(results, facts):
    assert any("has not been analysed" in text for text in page(results, facts).paragraphs)


def test_what_an_analysis_has_left_is_shown(results, facts):
    slants = pd.DataFrame({"slant": [0.5], "error_rate": [0.0125], "error_rate_low": [0.01], "error_rate_high": [0.02]})
    figure = go.Figure(layout={"title": {"text": "Slants"}})
    analysed = replace(results, analysis={"slants": slants, "slants_figure": figure, "found": {"pairs": 3}})

    shown = page(analysed, facts)

    assert shown.tables["slants"] == [["slant", "error rate"], ["0.5", "0.0125 (0.01 to 0.02)"]]
    assert shown.tables["found"] == [["", "value"], ["pairs", "3"]]
    assert "slants_figure" in shown.figures
    assert not any("has not been analysed" in text for text in shown.paragraphs)
