import json

import numpy as np
import pandas as pd
import pytest
import torch
from kedro.io import DataCatalog
from pydantic import ValidationError
from shipped import run, shipped_catalog
from small_training import sample_parts, trained_on

import configured
from mnist_growth.digits import Digits, Split
from mnist_growth.digits.corruptions import CORRUPTIONS, corrupt
from mnist_growth.inspection.robustness import logits_of, upper_bounds
from mnist_growth.lineage import lineage_of
from mnist_growth.nested import merge
from mnist_growth.network import GrowingMLP, TrainedNetwork, predict_logits
from mnist_growth.parameters import check_parameters
from mnist_growth.pipeline_registry import register_pipelines
from mnist_growth.pipelines.robustness import create_pipeline
from mnist_growth.pipelines.robustness.baseline import BASELINE_ERRORS, mean_corruption_error
from mnist_growth.pipelines.robustness.nodes import bound_changes
from mnist_growth.pipelines.robustness.sample import choose_digits

SMALL = {
    "digits": 60,
    "attacks": {
        "epsilons": [0.2, 0.05],
        "l2_epsilons": [0.01, 0.3, 1.0],
        "steps": 8,
        "relative_step_size": 0.25,
        "checked_steps": [1, 8],
        "checked_restarts": 3,
        "refinements": 3,
    },
    "surrogate": {"neurons": 16, "epochs": 3},
    "noise": {"gaussian": [0.3, 0.6], "salt_and_pepper": [0.3]},
    "corruptions": ["rotate", "shot_noise"],
    "bounds": {
        "search_points": 4,
        "search_steps": 4,
        "smoothed_digits": 10,
        "selection_samples": 20,
        "samples": 100,
        "error_probability": 0.01,
    },
    "weight_noise": {"levels": [0.2, 1.0], "repeats": 3},
}
EVENTS = pd.DataFrame({"epoch": [4], "layer": [1], "width_before": [16], "width_after": [24]})


@pytest.fixture(scope="module")
def digits() -> tuple[Digits, Digits]:
    """Training and test digits of all classes."""
    return sample_parts(training=1000, test=100)


@pytest.fixture(scope="module")
def trained(digits) -> TrainedNetwork:
    """A network that knows a little."""
    return trained_on(digits[0], (24, 20), steps=40)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory, digits, trained) -> DataCatalog:
    """The shipped catalog, its files in a temporary folder, after the pipeline has run."""
    given = {
        "network": trained,
        "train_digits": digits[0],
        "test_digits": digits[1],
        "split": Split(train=np.arange(900), validation=np.arange(900, 1000)),
        "growth_events": EVENTS,
        "data_manifest": {"dataset": "sample", "requested": "sample"},
        "params:robustness": configured.robustness(**SMALL),
        "params:evaluation": configured.evaluation(),
    }
    folder = tmp_path_factory.mktemp("robustness")
    return run(create_pipeline(), shipped_catalog(folder, "robustness", "evaluate", given=given))


@pytest.fixture(scope="module")
def metrics(catalog):
    return catalog.load("robustness_metrics")


def test_the_metrics_have_the_names_that_others_rely_on(metrics):
    assert {
        "fgsm",
        "pgd",
        "noise",
        "corruptions",
        "lipschitz",
        "certified_accuracy",
        "clean_accuracy",
    } <= metrics.keys()
    assert metrics["pgd"].keys() == metrics["fgsm"].keys() == {"0.05", "0.2"}
    assert metrics["noise"].keys() == {"0", "0.3", "0.6"}
    assert metrics["corruptions"]["rotate"].keys() == {"1", "2", "3", "4", "5"}
    assert metrics["certified_accuracy"].keys() == metrics["pgd_l2"].keys() == {"0.01", "0.3", "1"}
    json.dumps(metrics, allow_nan=False)


def test_accuracies_are_those_of_the_chosen_digits(metrics, catalog, trained, digits):
    chosen = catalog.load("digit_robustness")["index"].to_numpy()
    images, labels = digits[1].images[chosen], digits[1].labels[chosen]
    assert len(chosen) == metrics["examples"] == 60

    def accuracy(changed):
        return float((predict_logits(trained.network, changed).argmax(1) == labels).mean())

    assert metrics["clean_accuracy"] == metrics["noise"]["0"] == metrics["salt_and_pepper"]["0"] == accuracy(images)
    assert metrics["corruptions"]["shot_noise"]["4"] == accuracy(corrupt(images, "shot_noise", 4, 0))


def test_stronger_attacks_leave_less_and_certificates_hold(metrics, catalog):
    assert metrics["clean_accuracy"] > metrics["pgd"]["0.05"] > metrics["pgd"]["0.2"]
    assert metrics["pgd"]["0.05"] <= metrics["fgsm"]["0.05"]
    assert metrics["pgd"]["0.2"] <= metrics["transfer"]["0.2"] < metrics["clean_accuracy"]
    for epsilon, share in metrics["certified_accuracy"].items():
        assert share <= metrics["pgd_l2"][epsilon]
    assert metrics["certified_accuracy"]["0.01"] > 0.3
    masking = catalog.load("gradient_masking")
    pgd = masking[masking["attack"] == "pgd"]
    assert list(zip(pgd["steps"], pgd["restarts"], strict=True)) == [(1, 1), (8, 1), (8, 3)]
    assert (np.diff(pgd["accuracy"]) <= 0).all()
    assert masking["attack"].iloc[-1] == "transfer"


def test_the_bounds_are_in_order(metrics, trained):
    found = metrics["lipschitz"]
    assert 0 < found["lower"] <= found["upper"] <= found["product_of_spectral_norms"]
    assert found["upper"] == upper_bounds(trained.network).logits


def test_the_smallest_changes_agree_with_the_attacks(catalog, metrics):
    digits, attacks = catalog.load("digit_robustness"), catalog.load("attack_accuracy")
    mistakes = digits["label"] != digits["prediction"]
    assert (digits.loc[mistakes, ["smallest_linf", "smallest_l2"]] == 0).all(axis=None)
    assert (digits.loc[~mistakes, "smallest_linf"] > 0).all()
    for row in attacks[attacks["attack"].isin(["pgd", "pgd_l2"])].itertuples():
        assert (digits[f"smallest_{row.norm}"] > row.epsilon * (1 + 1e-4)).mean() <= row.accuracy
    assert (digits["input_gradient"] > 0).all()
    assert metrics["smallest_change"]["l2"] == digits["smallest_l2"].median()


def test_the_mean_corruption_error_is_relative_to_the_baseline(metrics):
    errors = {name: 1 - np.mean(list(values.values())) for name, values in metrics["corruptions"].items()}
    baseline = {"rotate": 0.5, "shot_noise": 0.1, "fog": 0.2}
    expected = (errors["rotate"] / 0.5 + errors["shot_noise"] / 0.1) / 2
    assert mean_corruption_error(metrics["corruptions"], "mnist", baseline) == pytest.approx(expected)
    assert metrics["mean_corruption_error"] is None  # the baseline was measured on other digits


def test_the_baseline_knows_every_corruption():
    assert BASELINE_ERRORS.keys() == CORRUPTIONS.keys()
    assert all(0 < error < 1 for error in BASELINE_ERRORS.values())


def test_weights_are_disturbed_by_layer_and_by_birth(catalog):
    table = catalog.load("weight_noise")
    layers, cohorts = (table[table["part"] == part] for part in ("layer", "cohort"))
    assert list(layers["layer"].unique()) == ["hidden.0.linear", "hidden.1.linear", "output"]
    assert set(zip(cohorts["layer"], cohorts["born_epoch"], cohorts["units"], strict=True)) == {
        ("hidden.0", 1, 16),
        ("hidden.0", 4, 8),
        ("hidden.1", 1, 20),
    }
    assert set(table["draws"]) == {3}
    assert (table["accuracy_deviation"] > 0).any()


def test_calibration_is_measured_for_every_severity(catalog, metrics):
    table = catalog.load("corruption_accuracy")
    assert len(table) == 11
    assert table["calibration_error"].between(0, 1).all()
    assert metrics["corruption_calibration_error"].keys() == {"1", "2", "3", "4", "5"}


def test_every_result_names_its_network(catalog, metrics, trained):
    for name in ("attack_accuracy", "digit_robustness", "certified_accuracy", "weight_noise"):
        assert lineage_of(catalog.load(name)).belongs_to(trained)
    assert metrics["network_sha256"] == trained.sha256


def test_a_network_that_is_not_a_chain_has_no_upper_bound(catalog, trained, digits, monkeypatch):
    monkeypatch.setattr(GrowingMLP, "affine_chain", lambda _: None)
    config = configured.robustness(**SMALL)
    sample = choose_digits(catalog.load("predictions"), digits[1], config)
    bounds, certified = bound_changes(trained, sample, config)
    assert bounds["upper"] is None
    assert bounds["lower"] > 0
    assert set(certified["certificate"]) == {"smoothing"}
    with logits_of(trained.network) as logits, torch.no_grad():
        torch.testing.assert_close(logits(sample.pixels), trained.network(torch.from_numpy(sample.images)))


def test_unknown_corruptions_and_wrong_sizes_get_a_sentence():
    parameters = configured.base() | {
        "robustness": merge(
            configured.base()["robustness"], {"corruptions": ["snow"], "attacks": {"epsilons": [0.1, 2]}}
        )
    }
    with pytest.raises(ValueError, match="shot_noise") as caught:
        check_parameters(parameters, register_pipelines())
    assert "Parameter 'robustness.attacks.epsilons.1' is 2; expected a value of at most 1" in str(caught.value)
    assert "Parameter 'robustness.corruptions.0' is 'snow'; expected 'shot_noise', 'impulse_noise', " in str(
        caught.value
    )


def test_more_digits_than_there_are_are_refused(catalog, digits):
    with pytest.raises(ValueError, match="'robustness.digits' asks for 101 test digits, but there are 100"):
        choose_digits(catalog.load("predictions"), digits[1], configured.robustness(digits=101))


@pytest.mark.parametrize(
    "changes",
    [
        {"attacks": {"epsilons": [0.1, -0.1]}},
        {"attacks": {"epsilons": [1.5]}},
        {"corruptions": ["snow"]},
        {"digits": 0},
        {"bounds": {"smoothing_sigma": 0}},
    ],
)
def test_wrong_parameters_are_refused(changes):
    with pytest.raises(ValidationError):
        configured.robustness(**changes)
