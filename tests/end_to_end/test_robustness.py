"""`kedro run --pipeline robustness`."""

import json

import pandas as pd
import pytest


def test_it_leaves_metrics_tables_and_figures_and_records_what_they_come_to(analysed, attacked, mlflow):
    made = {path.split("/")[1] for path in set(attacked.files()) - set(analysed.files())}
    metrics = json.loads(attacked.path("08_reporting/robustness_metrics.json").read_text())
    attacks = pd.read_parquet(attacked.path("08_reporting/attack_accuracy.parquet"))
    record = mlflow(attacked)
    _report, robustness = record.runs()[:2]
    artifacts = record.artifacts(robustness)

    assert {"corruption_accuracy.parquet", "attack_accuracy_figure.json"} <= made
    assert "test_metrics.json" not in made
    assert metrics["pgd"].keys() == {"0.05", "0.2"}
    assert metrics["corruptions"].keys() == {"shot_noise", "rotate", "canny_edges"}
    assert set(attacks["examples"]) == {40}
    assert {
        "robustness_metrics.json",
        "tables/corruption_accuracy.csv",
        "figures/weight_noise_figure.json",
    } <= artifacts
    assert robustness.data.metrics["robustness_pgd.0.05"] == metrics["pgd"]["0.05"]


def test_the_report_shows_the_robustness(attacked):
    page = attacked.path("08_reporting/report.html").read_text("utf-8")
    assert '<section id="robustness">' in page
    assert '<section id="corruptions">' in page
    assert "Check for gradient masking" in page


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("robustness.attacks.checked_epsilon=1.5", "Parameter 'robustness.attacks.checked_epsilon' is 1.5; expected"),
        ("robustness.corruptions=snow", "Parameter 'robustness.corruptions' is 'snow'; expected a list"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_runs(attacked, parameter, expected):
    before = attacked.files()
    result = attacked.kedro("run", "--env", "smoke", "--pipeline", "robustness", "--params", parameter)
    assert result.code == 1
    assert expected in result.stderr
    assert attacked.files() == before
