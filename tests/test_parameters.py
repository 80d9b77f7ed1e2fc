import functools
from copy import deepcopy

import pytest

import configured
from mnist_growth.configuration import load_parameters
from mnist_growth.nested import flatten, merge
from mnist_growth.parameters import check_digits, check_parameters
from mnist_growth.pipeline_registry import register_pipelines

PIPELINES = register_pipelines()
SMOKE = load_parameters(configured.CONF, "smoke")
HINT = " See conf/base/parameters_*.yml for the meaning of every parameter."


@pytest.fixture
def parameters():
    return deepcopy(SMOKE)


def problems(parameters):
    with pytest.raises(ValueError, match="conf/base") as caught:
        check_parameters(parameters, PIPELINES)
    text = str(caught.value)
    assert text.endswith(HINT)
    return text.removesuffix(HINT)


def test_configured_parameters_pass_and_are_not_changed(parameters):
    before = deepcopy(parameters)

    check_parameters(parameters, PIPELINES)

    assert parameters == before


@pytest.mark.parametrize("name", ["trainng", "Training", "growht"])
def test_the_closest_name_is_suggested_for_an_unknown_group(parameters, name):
    meant = "growth" if name == "growht" else "training"

    assert problems(parameters | {name: {"epochs": 3}}) == f"Unknown parameter {name!r}; did you mean {meant!r}?"


def test_all_names_are_listed_if_none_is_close(parameters):
    names = ", ".join(sorted(parameters))

    assert problems(parameters | {"zzz": 1}) == f"Unknown parameter 'zzz'; expected one of {names}."


@pytest.mark.parametrize(
    ("group", "name", "value", "expected"),
    [
        ("training", "epoch", 3, "Unknown parameter 'training.epoch'; did you mean 'training.epochs'?"),
        ("training", "epochs", 0, "Parameter 'training.epochs' is 0; expected a value of at least 1."),
        ("training", "epochs", 2.5, "Parameter 'training.epochs' is 2.5; expected an integer."),
        ("training", "learning_rate", -1, "Parameter 'training.learning_rate' is -1; expected a value above 0."),
        ("training", "learning_rate", "high", "Parameter 'training.learning_rate' is 'high'; expected a number."),
        ("split", "validation_fraction", 1, "Parameter 'split.validation_fraction' is 1; expected a value below 1."),
        ("network", "hidden_layers", None, "Parameter 'network.hidden_layers' is null; expected an integer."),
        ("growth", "operator", "magic", "Parameter 'growth.operator' is 'magic'; expected 'zero_fan_out', "),
        ("growth", "max_neurons", 8, "Parameter 'growth.max_neurons' is 8, less than 'growth.initial_neurons', 32; "),
        ("archive", "path", 3, "Parameter 'archive.path' is 3; expected a string."),
    ],
)
def test_the_message_has_the_wrong_value_and_the_expected_one(parameters, group, name, value, expected):
    parameters[group][name] = value

    assert problems(parameters).startswith(expected)


def test_the_message_has_the_full_name_of_a_nested_parameter(parameters):
    parameters["training"]["learning_rate_schedule"]["warmup"] = 3

    assert problems(parameters).startswith("Unknown parameter 'training.learning_rate_schedule.warmup'; ")
    assert "did you mean 'training.learning_rate_schedule.warmup_epochs'?" in problems(parameters)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("device", "gpu", "Parameter 'device' is 'gpu'; expected 'auto', 'cpu', 'cuda' or 'mps'."),
        ("dataset", 3, "Parameter 'dataset' is 3; expected a string."),
        ("training", 3, "Parameter 'training' is 3; expected a group of parameters."),
    ],
)
def test_wrong_values_outside_groups_are_refused(parameters, name, value, expected):
    assert problems(parameters | {name: value}).startswith(expected)


NUMBERS = sorted(
    name
    for name, value in flatten(configured.base()).items()
    if isinstance(value, int | float)
    and not isinstance(value, bool)
    and ".recipe." not in name  # of a study, whose trainings check it
)


@pytest.mark.parametrize("name", [*NUMBERS, "threads", "training.micro_batch_size"])
def test_booleans_are_not_accepted_as_numbers(parameters, name):
    *groups, last = name.split(".")
    changed = merge(parameters, functools.reduce(lambda tree, group: {group: tree}, reversed(groups), {last: True}))

    assert problems(changed).startswith(f"Parameter '{name}' is true; expected ")


def test_integers_are_accepted_as_floats(parameters):
    changed = merge(parameters, {"warps": {"scale": 0}, "training": {"learning_rate": 1}})

    check_parameters(changed, PIPELINES)
    assert isinstance(configured.training(learning_rate=1).learning_rate, float)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (
            [{"epoch": 1, "neuron": 64}],
            "Unknown parameter 'growth.plan.0.neuron'; did you mean 'growth.plan.0.neurons'?",
        ),
        ([{"epoch": 1, "neurons": [8, True]}], "Parameter 'growth.plan.0.neurons.1' is true; expected an integer."),
        ([{"neurons": 64}], "Parameter 'growth.plan.0.epoch' is missing; add it."),
        (64, "Parameter 'growth.plan' is 64; expected a list."),
    ],
)
def test_the_message_has_the_position_in_a_list(parameters, plan, expected):
    parameters["growth"] |= {"plan": plan, "trigger": "plan"}

    assert expected in problems(parameters)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"drift": {"min_images": 501}},
            "Parameter 'drift.min_images' is 501, more than 'drift.window', 500, so no window can raise an alarm; "
            "decrease the first or increase the second.",
        ),
        (
            {"training": {"learning_rate_schedule": {"floor": 0.5}}},
            "Parameter 'training.learning_rate_schedule.floor' is 0.5, more than 'training.learning_rate', 0.004; "
            "decrease the first or increase the second.",
        ),
        (
            {"growth": {"trigger": "plan"}},
            "Parameter 'growth.trigger' is 'plan', but 'growth.plan' is empty; add stages or change the trigger.",
        ),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(parameters, changes, expected):
    assert problems(merge(parameters, changes)) == expected


def test_a_folder_of_digits_without_the_data_set_folder_is_refused(parameters):
    parameters["archive"]["path"] = "my_digits"

    assert problems(parameters) == (
        "Parameter 'archive.path' is 'my_digits', but 'dataset' is 'sample' and does not use it; "
        "set dataset=folder, or leave out archive.path."
    )
    check_parameters(parameters | {"dataset": "folder"}, PIPELINES)


def test_all_problems_are_reported_together(parameters):
    parameters["training"]["epochs"] = 0
    parameters["growth"]["growth_rate"] = 0

    text = problems(parameters | {"zzz": 1})

    assert "'zzz'" in text
    assert "'training.epochs' is 0" in text
    assert "'growth.growth_rate' is 0" in text
    assert text.count(".") >= 3


@pytest.mark.parametrize("asked_for", ["sample", "mnist"])
def test_requested_digits_and_their_fallback_are_accepted(asked_for):
    check_digits("sample", {"dataset": "sample", "requested": "mnist"}, asked_for)


@pytest.mark.parametrize("manifest", [{"dataset": "sample", "requested": "sample"}, {"dataset": "kmnist"}])
def test_digits_of_another_data_set_are_refused(manifest):
    with pytest.raises(ValueError, match="digits") as caught:
        check_digits("sample", {"requested": "kmnist"} | manifest, "mnist")

    assert str(caught.value).startswith(
        "Parameter 'dataset' is 'mnist', but the newest digits are 'sample'; run `kedro run --params dataset=mnist`"
    )
