from copy import deepcopy

import pytest

import configured
from mnist_growth.configuration import load_parameters
from mnist_growth.parameters import check_digits, check_parameters
from mnist_growth.pipeline_registry import register_pipelines

PIPELINES = register_pipelines()
HINT = " (conf/base/parameters_*.yml explains every parameter)"


@pytest.fixture
def parameters():
    return load_parameters(configured.CONF, "smoke")


def complaint(parameters):
    with pytest.raises(ValueError, match="conf/base") as caught:
        check_parameters(parameters, PIPELINES)
    text = str(caught.value)
    assert text.endswith(HINT)
    return text.removesuffix(HINT)


def test_configured_parameters_pass_and_are_left_as_they_are(parameters):
    before = deepcopy(parameters)

    check_parameters(parameters, PIPELINES)

    assert parameters == before


@pytest.mark.parametrize("name", ["trainng", "Training", "growht"])
def test_an_unknown_group_is_named_with_what_may_have_been_meant(parameters, name):
    meant = "growth" if name == "growht" else "training"

    assert complaint(parameters | {name: {"epochs": 3}}) == (f"there is no parameter {name!r}, did you mean {meant!r}?")


def test_a_name_like_no_other_is_answered_with_all_names(parameters):
    names = ", ".join(sorted(parameters))

    assert complaint(parameters | {"zzz": 1}) == f"there is no parameter 'zzz'; expected one of {names}"


@pytest.mark.parametrize(
    ("group", "name", "value", "expected"),
    [
        ("training", "epoch", 3, "there is no parameter 'training.epoch', did you mean 'training.epochs'?"),
        ("training", "epochs", 0, "training.epochs is 0; expected greater than or equal to 1"),
        ("training", "epochs", 2.5, "training.epochs is 2.5; expected a valid integer, got a number with a "),
        ("training", "learning_rate", -1, "training.learning_rate is -1; expected greater than 0"),
        ("training", "learning_rate", "high", "training.learning_rate is 'high'; expected a valid number"),
        ("split", "validation_fraction", 1, "split.validation_fraction is 1; expected less than 1"),
        ("network", "hidden_layers", None, "network.hidden_layers is None; expected a valid integer"),
        ("growth", "operator", "magic", "growth.operator is 'magic'; expected 'zero_fan_out'"),
        ("growth", "max_neurons", 8, "growth: max_neurons is 8, smaller than initial_neurons, 32"),
        ("archive", "path", 3, "archive.path is 3; expected a valid string"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(parameters, group, name, value, expected):
    parameters[group][name] = value

    assert complaint(parameters).startswith(expected)


def test_a_wrong_value_deep_inside_a_group_is_named_in_full(parameters):
    parameters["training"]["learning_rate_schedule"]["warmup"] = 3

    assert complaint(parameters).startswith("there is no parameter 'training.learning_rate_schedule.warmup'")
    assert "did you mean 'training.learning_rate_schedule.warmup_epochs'?" in complaint(parameters)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("device", "gpu", "device is 'gpu'; expected 'auto', 'cpu', 'cuda' or 'mps'"),
        ("dataset", 3, "dataset is 3; expected a valid string"),
        ("training", 3, "training is 3; expected a valid dictionary or "),
    ],
)
def test_a_wrong_value_that_is_no_group(parameters, name, value, expected):
    assert complaint(parameters | {name: value}).startswith(expected)


def test_all_complaints_come_at_once(parameters):
    parameters["training"]["epochs"] = 0
    parameters["growth"]["growth_rate"] = 0

    text = complaint(parameters | {"zzz": 1})

    assert "'zzz'" in text
    assert "training.epochs is 0" in text
    assert "growth.growth_rate is 0" in text
    assert text.count("; ") >= 3


@pytest.mark.parametrize("asked_for", ["sample", "mnist"])
def test_digits_are_those_asked_for_or_stand_in_for_them(asked_for):
    check_digits("sample", {"dataset": "sample", "requested": "mnist"}, asked_for)


@pytest.mark.parametrize("manifest", [{"dataset": "sample", "requested": "sample"}, {"dataset": "kmnist"}])
def test_other_digits_than_those_asked_for_are_refused(manifest):
    with pytest.raises(ValueError, match="digits") as caught:
        check_digits("sample", {"requested": "kmnist"} | manifest, "mnist")

    assert str(caught.value).startswith(
        "dataset is 'mnist', but the digits ingested last are 'sample': run `kedro run --params dataset=mnist` first"
    )
