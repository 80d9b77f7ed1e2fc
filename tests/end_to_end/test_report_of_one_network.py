"""`kedro run --pipeline report` in a project with several networks: a page shows the results of one of them."""

import json

import pandas as pd
import pytest

from html_page import Page
from mnist_growth.network import load_network

SMOKE = ("run", "--env", "smoke", "--pipeline")


@pytest.fixture(scope="module")
def project(analysed, tmp_path_factory, empty_database):
    """The older network was analysed, the newer one trained and evaluated, then the older one evaluated once more."""
    copy = analysed.copy(tmp_path_factory.mktemp("two_networks") / "project", empty_database)
    [older] = copy.versions("06_models/network.safetensors")
    copy.succeed(*SMOKE, "train", "--params", "training.epochs=2")
    copy.succeed(*SMOKE, "evaluate")
    copy.succeed(*SMOKE, "evaluate", "--load-versions", f"network:{older}")
    return copy


def page(project):
    return Page(project.path("08_reporting/report.html").read_text("utf-8"))


def digest(project, version):
    return load_network(project.path("06_models/network.safetensors", version)).sha256


def notes(shown):
    return [text for text in shown.paragraphs if text.startswith(("These results", "This network has"))]


def test_the_report_of_a_network_shows_its_results_alone_and_names_what_is_missing(project):
    older, newer = project.versions("06_models/network.safetensors")

    project.succeed(*SMOKE, "report")

    shown = page(project)
    second = project.versions("08_reporting/test_metrics.json")[1]
    metrics = json.loads(project.path("08_reporting/test_metrics.json", second).read_text())
    assert metrics["network_sha256"] == digest(project, newer)
    assert ["SHA-256 of the weights", digest(project, newer)] in shown.tables["run"]
    assert shown.headings[0].startswith(f"{100 * metrics['accuracy']:.2f} % of 500 test digits")
    assert len(shown.tables["training_history"]) == 1 + 2
    assert "style_effects" not in shown.tables
    assert not {"style_effects_figure", "hardest_digits_figure"} & set(shown.figures)
    assert {"growth_figure", "confusion_matrix_figure", "class_balance_figure"} <= set(shown.figures)
    of_another = f"These results belong to another network ({digest(project, older)[:6]}…)"
    command = f"kedro run --pipeline analyse --load-versions network:{newer}"
    [style] = notes(shown)
    assert style.startswith(f"{of_another}: style_differences, style_effects, style_interventions, ")
    assert style.endswith(f"Run `{command}` to make them.")
    missing = {row[0]: row[1:] for row in shown.tables["missing"]}
    assert missing["Hard digits"] == ["hardest_digits_figure, suspected_labels_figure", of_another, command]
    assert missing["Export"][1] == "This network has no such results yet"


def test_the_report_of_an_older_network_finds_what_was_made_of_it_in_any_version(project):
    older, newer = project.versions("06_models/network.safetensors")

    project.succeed(*SMOKE, "report", "--load-versions", f"network:{older}")

    shown = page(project)
    versions = dict(shown.tables["versions"])
    assert notes(shown) == []
    assert ["SHA-256 of the weights", digest(project, older)] in shown.tables["run"]
    assert len(shown.tables["training_history"]) == 1 + 4
    assert {"style_effects", "key_numbers", "growth_events"} <= shown.tables.keys()
    assert versions["growth_events"] == versions["growth_figure"] == older
    assert versions["test_metrics"] == project.versions("08_reporting/test_metrics.json")[-1] > newer
    assert versions["style_effects"] == project.versions("08_reporting/style_effects.parquet")[-1]


def test_a_network_that_was_not_evaluated_has_a_report_of_its_training(trained):
    trained.succeed(*SMOKE, "train", "--params", "training.epochs=1")

    trained.succeed(*SMOKE, "report")

    newest = trained.versions("06_models/network.safetensors")[-1]
    shown = page(trained)
    assert shown.headings[0] == "A network trained on sample, not evaluated yet"
    assert not {"key_numbers", "class_metrics", "unit_cohorts"} & shown.tables.keys()
    assert "training_history" in shown.tables
    assert any(
        "class_metrics, confused_pairs" in text
        and text.endswith(f"Run `kedro run --pipeline evaluate --load-versions network:{newest}` to make them.")
        for text in notes(shown)
    )


def test_results_of_two_networks_that_are_asked_for_together_are_not_mixed(project):
    older, newer = project.versions("06_models/network.safetensors")

    result = project.kedro(*SMOKE, "evaluate", "--load-versions", f"network:{newer},growth_events:{older}")

    assert result.code == 1
    assert result.stderr.startswith(
        "Error: The node evaluate.measure_units would mix results of several networks (network of "
    )
    assert f"growth_events of {digest(project, older)[:6]}…" in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_files_of_a_run_carry_its_network(smoke_run):
    project = smoke_run.project
    network = load_network(project.path("06_models/network.safetensors"))

    for path in project.folder.glob("data/0[678]_*/*.parquet/*/*.parquet"):
        assert pd.read_parquet(path).attrs == {"network_sha256": network.sha256, "fingerprint": network.fingerprint}
    for path in project.folder.glob("data/08_reporting/*.json/*/*.json"):
        content = json.loads(path.read_text())
        marks = content["layout"]["meta"] if "layout" in content else content
        is_of_digits = path.name == "warps_figure.json"
        assert marks.get("network_sha256") == (None if is_of_digits else network.sha256), path
        assert marks["fingerprint"] == network.fingerprint, path
