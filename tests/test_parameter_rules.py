import pytest

import configured
from mnist_growth.nested import flatten, merge
from mnist_growth.parameter_rules import UNUSED_IF, USED_IF, contradictions, unused


def problems(**requested):
    return list(contradictions(merge(configured.base(), requested), requested))


@pytest.mark.parametrize("name", [name for name in USED_IF if name.startswith(("growth.", "training."))])
def test_a_parameter_is_refused_with_a_value_that_does_not_use_it(name):
    other, allowed = USED_IF[name]
    group, *inner = name.split(".")
    for value in ("schedule", "plateau", "budget", "plan", "cosine", "decay"):
        requested = {inner[-1]: 2, other.rpartition(".")[2]: value}
        for part in reversed(inner[:-1]):
            requested = {part: requested}

        found = problems(**{group: requested})

        assert bool(found) == (value not in allowed)
        for sentence in found:
            assert sentence.startswith(
                f"Parameter '{name}' is given, but '{other}' is '{value}' and does not use it; set "
            )


def test_strengths_of_warps_are_refused_without_warps():
    assert problems(warps={"enabled": False}) == []
    assert problems(warps={"enabled": True, "scale": 0.1}) == []
    assert problems(warps={"enabled": False, "scale": 0.1}) == [
        "Parameter 'warps.scale' is given, but 'warps.enabled' is 'false' and does not use it; set warps.enabled=true, "
        "or leave out warps.scale."
    ]


def test_the_attack_is_refused_where_images_are_not_changed():
    assert problems(training={"adversarial": {"epsilon": 0.1, "steps": 3}}) == []
    assert problems(training={"adversarial": {"epsilon": 0}}) == []
    assert problems(training={"adversarial": {"steps": 3}}) == [
        "Parameter 'training.adversarial.steps' is given, but 'training.adversarial.epsilon' is '0.0' and does not use "
        "it; set training.adversarial.epsilon to another value, or leave out training.adversarial.steps."
    ]


def test_active_learning_and_labels_for_a_folder_do_not_use_the_parameters_of_each_other():
    assert problems(active={"images": 50, "strategy": "margin", "folder": "scans"}) == []
    assert problems(active={"labels": [100, 200], "grows": True}) == []
    assert problems(active={"images": 50}) == [
        "Parameter 'active.images' is given, but 'active.folder' is 'null' and does not use it; set active.folder to "
        "another value, or leave out active.images."
    ]
    assert problems(active={"folder": "Scans", "grows": True}) == [
        "Parameter 'active.grows' is given, but 'active.folder' is 'Scans' and does not use it; set "
        "active.folder=null, or leave out active.grows."
    ]


def test_only_requested_parameters_are_checked():
    assert problems() == []
    assert problems(growth={"trigger": "plateau"}) == []


def test_the_rules_name_parameters_that_exist():
    names = flatten(configured.base())

    for name, (other, _) in [*USED_IF.items(), *UNUSED_IF.items()]:
        assert name in names or any(inner.startswith(f"{name}.") for inner in names)
        assert other in names


@pytest.mark.parametrize(
    ("requested", "inputs", "expected"),
    [
        ({"training": {"epochs": 2}}, ["params:training"], []),
        ({"training": {"epochs": 2}}, ["network", "params:evaluation"], ["training.epochs"]),
        ({"dataset": "sample", "archive": {"path": "x"}}, ["digit_archive"], []),
        ({"dataset": "sample", "archive": {"path": "x"}}, ["test_digits"], ["archive.path"]),
        ({"dataset": "sample"}, ["network"], ["dataset"]),
        ({"device": "cpu", "threads": 1, "memory": {"x": 1}, "serving": {"port": 1}}, [], ["serving.port"]),
    ],
)  # fmt: skip
def test_parameters_that_a_pipeline_does_not_use_are_named(requested, inputs, expected):
    assert unused(requested, inputs) == expected
