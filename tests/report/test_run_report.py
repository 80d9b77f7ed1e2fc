from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import pytest

import configured
from bypass_network import Bypass, BypassSpec
from html_page import Page
from mnist_growth.digits import PixelStatistics
from mnist_growth.lineage import Lineage
from mnist_growth.network import CapsulesSpec, build
from mnist_growth.report import TOPICS, Missing, required_datasets, run_report
from mnist_growth.report.formats import megabytes


@pytest.fixture
def show(trained, facts):
    """The page of results, as its reader finds it."""
    return lambda results, parameters=None: Page(run_report(trained, results, parameters or {}, facts))


def test_the_headline_is_the_result(show, results):
    shown = show(results)

    assert shown.headings[0] == "97.50 % of 1,000 test digits recognised"
    assert shown.paragraphs[0].startswith("The 95 % interval is 96.21 to 98.36 %. A network of kind mlp with ")


def test_a_network_of_another_kind_is_named_by_its_kind(trained, results, facts):
    bypass = Bypass(BypassSpec(sizes=(12, 8)), PixelStatistics(0.13, 0.31, count=100)).eval()

    shown = Page(run_report(replace(trained, network=bypass), results, {}, facts))

    assert "A network of kind bypass with " in shown.paragraphs[0]


def test_capsules_are_shown_for_a_network_that_has_them(trained, results, facts, show):
    spec = CapsulesSpec(hidden_widths=(), primary_capsules=2, primary_size=2, digit_size=2, routing_iterations=2)
    capsules = build(spec, PixelStatistics(0.13, 0.31, count=100)).eval()
    digit = {"index": 31, "label": 3, "prediction": 5, "layer": "digit"}
    lengths = pd.DataFrame([{**digit, "capsule": j, "length": length} for j, length in enumerate([0.2, 0.6, 0.7, 0.1])])
    given = {**results, "capsule_lengths": lengths, "capsules_figure": go.Figure()}

    shown = Page(run_report(replace(trained, network=capsules), given, {}, facts))

    assert shown.tables["capsule_lengths"][1] == ["31", "3", "5", "0.7000", "1", "0.6000"]
    assert "capsule_lengths" not in show(given).tables


def test_key_numbers_have_units_and_intervals(show, results):
    rows = show(results).tables["key_numbers"]

    assert ["test accuracy", "97.50 % (96.21 to 98.36 %)"] in rows
    assert ["test loss (negative log-likelihood)", "0.0813 nats"] in rows
    assert not any("Brier" in row[0] for row in rows)  # not measured: not shown


def test_an_interval_follows_its_value_and_an_unknown_value_is_a_dash(show, results):
    rows = show(results).tables["class_metrics"]

    assert rows[1] == ["0", "100", "90.00 %", "95.00 % (80.00 to 99.00 %)", "92.00 %"]
    assert rows[10][3] == "–"


def test_only_pairs_with_mistakes_are_listed(show, results):
    rows = show(results).tables["confused_pairs"]

    assert rows[1:] == [["4", "9", "3", "1.51 % (0.50 to 4.34 %)", "2.00 %", "1.00 %"]]


def test_the_parts_of_the_digits_are_rows_of_one_table(show, results):
    rows = show(results).tables["accuracy_by_part"]

    assert rows[1] == ["training", "4,000", "40", "99.00 % (98.70 to 99.20 %)", "0.0400"]


def test_a_fallback_dataset_is_named_in_a_warning(show, results):
    fallback = {**results, "test_metrics": {**results["test_metrics"], "requested_dataset": "mnist"}}

    assert show(results).paragraphs[0].startswith("The 95 %")
    assert show(fallback).paragraphs[0].startswith("These are not mnist results: mnist could not be downloaded")


def test_a_network_that_did_not_grow_has_no_table_of_growths(show, results):
    shown = show({**results, "growth_events": results["growth_events"].head(0)})

    assert "The network did not grow." in shown.paragraphs
    assert "growth_events" not in shown.tables
    assert "growth_events" in show(results).tables


def test_the_layers_are_summed(show, results):
    assert show(results).tables["layer_costs"][-1] == ["all", "", "", "", "9,634", "9,584", "844"]


def test_the_configuration_has_network_parameters_also_of_models_and_versions(show, results, trained):
    shown = show(results, {"training": {"epochs": 2}, "report": configured.report(png="dark"), "dataset": "sample"})

    assert shown.tables["parameters"][1:] == [
        ["training.epochs", "2"],
        ["report.png", "dark"],
        ["dataset", "sample"],
    ]
    assert ["network", "2026-01-31T12.00.00.000Z"] in shown.tables["versions"]
    assert ["commit", "0123abc"] in shown.tables["run"]
    assert ["SHA-256 of the weights", trained.sha256] in shown.tables["run"]


def test_a_report_of_a_network_of_an_earlier_run_says_whose_parameters_it_shows(trained, results, facts):
    def paragraphs(version):
        return Page(run_report(replace(trained, version=version), results, {}, facts)).paragraphs

    def says_so(texts):
        return any("The network comes from an earlier run" in text for text in texts)

    assert says_so(paragraphs("2025-12-31T12.00.00.000Z"))
    assert not says_so(paragraphs(facts.run["began"]))
    assert not says_so(paragraphs(""))


def test_classes_are_counted_side_by_side(show, results):
    shown = show(results)

    assert shown.tables["class_counts"] == [["class", "train", "test"], ["0", "1", "4"], ["1", "2", "0"]]
    assert ["train.count", "3"] in shown.tables["data_manifest"]


def test_every_figure_is_shown_in_the_order_of_the_topics(show, results):
    assert show(results).figures == [name for name in required_datasets() if name.endswith("_figure")]


def test_an_optional_topic_is_shown_where_it_has_results_and_listed_with_its_command_where_not(show, results):
    columns = ["part", "class_name", "examples", "share", "pixel_mean", "pixel_deviation"]
    balance = pd.DataFrame([["test", 3, 5, 0.0125, 40.5, 9]], columns=columns)
    figures = ("class_balance_figure", "class_images_figure", "near_duplicates_figure")
    analysed = {**results, "class_balance": balance, **dict.fromkeys(figures, go.Figure(layout_title_text="Classes"))}

    shown, missing = show(analysed), show(results)

    title = "Classes and near-duplicates"
    assert shown.tables["class_balance"][1] == ["test", "3", "5", "1.25 %", "40.5", "9"]
    assert set(figures) <= set(shown.figures)
    assert title in shown.headings
    assert title not in missing.headings
    row = [title, f"class_balance, {', '.join(figures)}", "This network has no such results yet"]
    assert [*row, "kedro run --pipeline analyse"] in missing.tables["missing"]
    of_all_kinds = {topic.title for topic in TOPICS if topic.optional and not topic.kind}
    assert {row[0] for row in missing.tables["missing"][1:]} == of_all_kinds
    assert title not in {row[0] for row in shown.tables["missing"]}


def test_a_comparison_and_an_export_are_shown(show, results):
    bounds = {"difference_low": -0.005, "difference_high": 0.025}
    comparison = {"network": "ours", "baseline_network": "theirs", "accuracy": 0.98, "difference": 0.01, **bounds}
    correct = {"only_network_correct": 9, "only_baseline_correct": 4}
    exported = {"accuracy": 0.97, "errors": 30, "bytes": 2_700_000, "largest_change": 1.5e-6, "same_answers": 1.0}
    more = {
        "comparison": comparison,
        "comparison_by_class": pd.DataFrame(
            [{"digit": "all", "class_name": "all", "examples": 500, **correct, "difference": 0.01, **bounds}]
        ),
        "export_metrics": {"torch": {"accuracy": 0.97, "errors": 30}, "onnx": exported, "int8": exported},
    }

    tables = show({**results, **more}).tables

    assert ["difference (percentage points)", "+1.00 (-0.50 to +2.50)"] in tables["comparison"]
    assert tables["comparison_by_class"][1] == ["all", "500", "9", "4", "+1.00 (-0.50 to +2.50)"]
    assert tables["export_metrics"][1] == ["torch, float32", "97.00 %", "30", "–", "–", "–"]
    assert tables["export_metrics"][2] == ["ONNX, float32", "97.00 %", "30", "2.7 MB", "1.50e-06", "100.00 %"]


def test_results_of_another_network_are_left_out_by_name(show, results):
    owner = Lineage("9f86d0" + "0" * 58, "f" * 64)
    evaluated = [name for name in results if name.startswith(("test_", "class_m", "acc", "conf", "worst", "unit"))]
    mixed = {**results, **{name: Missing(name, owner, "kedro run --pipeline evaluate") for name in evaluated}}

    shown = show(mixed)

    assert shown.headings[0] == "A network trained on sample, not evaluated yet"
    assert "key_numbers" not in shown.tables
    assert "growth_events" in shown.tables
    assert (
        "These results belong to another network (9f86d0…): test_metrics, accuracy_by_part. Run `kedro run --pipeline "
        "evaluate` to make them." in shown.paragraphs
    )
    assert set(shown.figures) == set(show(results).figures) - set(evaluated)


def test_a_topic_without_one_of_its_figures_shows_the_rest(show, results):
    shown = show({**results, "growth_figure": replace(results["class_balance"], name="growth_figure")})

    assert "growth_events" in shown.tables
    assert "learning_curves_figure" in shown.figures
    assert "growth_figure" not in shown.figures
    assert any(text.startswith("This network has no such results yet: growth_figure.") for text in shown.paragraphs)


def test_no_two_elements_of_the_page_have_the_same_id(show, results):
    ids = show(results).ids

    assert len(set(ids)) == len(ids)
    assert {topic.name for topic in TOPICS if not topic.optional} <= set(ids)


def test_sizes_have_a_unit_that_fits():
    assert [megabytes(size) for size in (1.2e9, 697e6, 737e3, 43_700)] == ["1,200 MB", "697 MB", "0.7 MB", "44 kB"]
