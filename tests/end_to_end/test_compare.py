"""`kedro run --pipeline compare`."""

import json

import numpy as np
import pytest

from mnist_growth.digits import sample_digits
from mnist_growth.network import load_network, predict_logits

SMOKE = ("run", "--env", "smoke", "--pipeline")


@pytest.fixture
def two_networks(trained):
    """The project with a second, worse network."""
    trained.succeed(*SMOKE, "train", "--params", "training.epochs=1")
    return trained


def accuracy(project, version):
    network = load_network(project.path("06_models/network.safetensors", version)).network
    digits = sample_digits().test
    return np.mean(predict_logits(network, digits.images).argmax(axis=1) == digits.labels)


def test_the_newest_network_is_compared_with_the_one_before_or_with_a_named_one(two_networks, mlflow):
    older, newer = two_networks.versions("06_models/network.safetensors")

    result = two_networks.succeed(*SMOKE, "compare")

    comparison = json.loads(two_networks.path("08_reporting/comparison.json").read_text())
    assert comparison["network"].endswith(f"version {newer}")
    assert comparison["baseline_network"].endswith(f"version {older}")
    assert comparison["accuracy"] == accuracy(two_networks, newer)
    assert comparison["baseline_accuracy"] == accuracy(two_networks, older)
    assert "Comparison on 500 test digits of sample" in result.stdout
    page = two_networks.path("08_reporting/comparison_page.html")
    assert result.stdout.splitlines()[-1].endswith(f"Report: {page.relative_to(two_networks.folder)}")
    newest = mlflow(two_networks).runs()[0]
    assert newest.data.metrics["comparison_mcnemar_p_value"] == comparison["mcnemar_p_value"]
    assert {
        "comparison.json",
        "comparison_page.html",
        "tables/disagreements.csv",
        "figures/comparison_figure.json",
    } <= mlflow(two_networks).artifacts(newest)

    two_networks.succeed(*SMOKE, "compare", "--load-versions", f"network:{older},baseline_network:{newer}")

    swapped = json.loads(two_networks.path("08_reporting/comparison.json").read_text())
    assert swapped["difference"] == -comparison["difference"]


def test_one_network_has_nothing_to_be_compared_with(trained):
    [only] = trained.versions("06_models/network.safetensors")

    result = trained.kedro(*SMOKE, "compare")

    assert result.code == 1
    assert result.stderr.startswith(f"Error: There is no version before {only} in ")
    assert "train another network with `kedro run --pipeline train`" in result.stderr
    assert result.stderr.count("\n") == 1
    assert trained.versions("08_reporting/comparison.json") == []


def test_a_version_that_does_not_exist(trained):
    [only] = trained.versions("06_models/network.safetensors")

    result = trained.kedro(*SMOKE, "compare", "--load-versions", "baseline_network:2020-01-01T00.00.00.000Z")

    assert result.code == 1
    assert result.stderr.startswith("Error: There is no trained network of version 2020-01-01T00.00.00.000Z: ")
    assert only in result.stderr
    assert result.stderr.count("\n") == 1
