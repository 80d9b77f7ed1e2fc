import json
import re
from dataclasses import replace

import pytest
import torch
from interrupted_training import InterruptingStore, StopHereError, finish

import configured
from mnist_growth.digits import Split
from mnist_growth.nested import flatten
from mnist_growth.training import (
    MAY_CHANGE,
    CheckpointStore,
    ResumeConfig,
    Resumption,
    TrainingConfig,
    continue_training,
    define_training,
    learning_rate,
    warp_strength,
)

CONTINUE, RESTART = ResumeConfig(schedule="continue"), ResumeConfig(schedule="restart")


@pytest.fixture
def interrupted(make_training, recorder, tmp_path):
    """A checkpoint within the second epoch of a training of three."""
    training = make_training(training={"checkpoint_seconds": 1e-9})
    with pytest.raises(StopHereError):
        finish(training, InterruptingStore(tmp_path / "first", after=7), recorder)
    checkpoint = CheckpointStore(tmp_path / "second", earlier=tmp_path / "first").latest()
    assert (checkpoint.header["epochs_done"], checkpoint.header["batches"]) == (1, 1)
    return training, checkpoint


def other(value):
    """A value that differs and has the same type."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list():
            return [*value, {"epoch": 1, "neurons": 9}]
        case _:
            return 1


def names_in_a_setup():
    """All names in the header of a checkpoint."""
    of_the_kind = configured.network().model_dump()
    parameters = flatten(
        {"network": of_the_kind} | {group: configured.base()[group] for group in ("growth", "training", "warps")}
    )
    data = {"dataset", "fingerprint", "preparation.form", "preparation.ink", "split"}
    return sorted({*parameters, *data, "threads", "distribution.processes", "distribution.batch_norm"})


@pytest.mark.parametrize("name", names_in_a_setup())
def test_every_change_is_refused_unless_it_may_change(make_training, name):
    setup = replace(make_training().setup, processes=2)
    earlier = json.loads(json.dumps(setup.to_dict()))
    *groups, last = name.split(".")
    place = earlier
    for group in groups:
        place = place[group]
    place[last] = other(place[last])

    if name in (
        "training.epochs",
        "training.micro_batch_size",
        "training.checkpoint_seconds",
        "threads",
        "distribution.processes",
        "distribution.batch_norm",
    ):
        setup.check_continues(earlier)
    else:
        with pytest.raises(ValueError, match=f"belongs to another training: {re.escape(name)} was "):
            setup.check_continues(earlier)


def test_the_setup_has_no_other_names(make_training):
    setup = replace(make_training().setup, processes=2)
    assert flatten(setup.to_dict()).keys() == {*names_in_a_setup(), "class_names", "schedule_start"}
    assert set(MAY_CHANGE) <= set(names_in_a_setup())


def test_one_process_leaves_no_trace_in_the_setup(make_training):
    assert "distribution" not in make_training().setup.to_dict()


def test_without_requested_parameters_those_of_the_checkpoint_hold(interrupted):
    training, checkpoint = interrupted

    resumption = Resumption(checkpoint, {"evaluation": {"calibration_bins": 3}})
    resumption.check()

    assert resumption.parameters == json.loads(
        json.dumps({name: training.setup.to_dict()[name] for name in ("network", "growth", "training", "warps")})
    )
    assert (resumption.changes, resumption.extends) == ({}, False)
    assert resumption.describe(CONTINUE, training.setup.training) == ""


def test_changes_are_listed_in_one_line(interrupted):
    _, checkpoint = interrupted
    resumption = Resumption(checkpoint, {"training": {"checkpoint_seconds": 5, "micro_batch_size": 20}})

    resumption.check()

    line = resumption.describe(CONTINUE, TrainingConfig.model_validate(resumption.parameters["training"]))
    assert line == "Changed on resume: training.checkpoint_seconds 1e-09 -> 5, training.micro_batch_size None -> 20"
    assert not resumption.extends


def test_the_same_value_and_automatic_precision_are_no_changes(interrupted):
    _, checkpoint = interrupted

    assert Resumption(checkpoint, {"training": {"epochs": 3, "precision": "auto"}}).changes == {}


@pytest.mark.parametrize(
    ("requested", "sentence"),
    [
        ({"training": {"learning_rate": 0.1}}, "training.learning_rate was 0.005 and is 0.1"),
        ({"warps": {"enabled": False}}, "warps.enabled was True and is False"),
        ({"network": {"hidden_layers": 3}, "growth": {"growth_rate": 1}}, "growth.growth_rate was 3 .*hidden_layers"),
    ],
)
def test_a_requested_change_of_the_training_is_refused(interrupted, requested, sentence):
    _, checkpoint = interrupted

    with pytest.raises(ValueError, match=f"belongs to another training: .*{sentence}"):
        Resumption(checkpoint, requested).check()


def test_fewer_epochs_than_completed_are_refused(make_training, recorder, tmp_path):
    training = make_training()
    finish(training, CheckpointStore(tmp_path), recorder)
    checkpoint = CheckpointStore(tmp_path / "new", earlier=tmp_path).latest()

    Resumption(checkpoint, {"training": {"epochs": 3}}).check()
    with pytest.raises(ValueError, match="'training.epochs' is 2, but this training has completed 3 epochs"):
        Resumption(checkpoint, {"training": {"epochs": 2}}).check()


def resumed(training, checkpoint, folder, recorder, resume, epochs=None, run_id=""):
    """The state and the setup after a resumed training."""
    changes = {"epochs": epochs or training.setup.training.epochs, "checkpoint_seconds": 1e-9}
    setup = type(training)(training=changes).setup
    continued = continue_training(
        setup, training.digits, training.split, checkpoint, training.machine, resume, run_id=run_id
    )
    continued.run(CheckpointStore(folder), recorder)
    return continued


@pytest.mark.parametrize(("resume", "start"), [(CONTINUE, 0), (RESTART, 1)])
def test_the_schedule_of_more_epochs_continues_or_restarts(interrupted, recorder, tmp_path, resume, start):
    training, checkpoint = interrupted
    more = {"training": {"epochs": 7}}

    continued = resumed(training, checkpoint, tmp_path / "second", recorder, resume, epochs=7)

    config = continued.setup.training
    rates = [record.learning_rate for record in continued.state.records]
    assert rates[0] == learning_rate(1, training.setup.training)
    assert rates[1:] == [
        learning_rate(epoch - start, config.model_copy(update={"epochs": 7 - start})) for epoch in range(2, 8)
    ]
    assert continued.setup.schedule_start == start
    assert CheckpointStore(tmp_path / "x", tmp_path / "second").latest().header["setup"]["schedule_start"] == start
    line = Resumption(checkpoint, more).describe(resume, config)
    assert line.startswith("Changed on resume: training.epochs 3 -> 7; the learning rate schedule ")
    assert f"(resume.schedule={resume.schedule})" in line
    now = learning_rate(1 - start, config.model_copy(update={"epochs": 7 - start}))
    assert line.endswith(f"the rate goes from {rates[0]:.2g} to {now:.2g}")


def test_a_schedule_that_was_restarted_goes_on_when_the_training_is_stopped_again(interrupted, recorder, tmp_path):
    """Also if the same command is given again."""
    training, checkpoint = interrupted
    whole = resumed(training, checkpoint, tmp_path / "whole", recorder, RESTART, epochs=5)
    stopped = type(training)(training={"epochs": 5, "checkpoint_seconds": 1e-9})
    first = continue_training(stopped.setup, training.digits, training.split, checkpoint, training.machine, RESTART)
    with pytest.raises(StopHereError):
        first.run(InterruptingStore(tmp_path / "stopped", after=12), recorder)
    again = CheckpointStore(tmp_path / "again", tmp_path / "stopped").latest()
    assert again.header["epochs_done"] > 1

    for resume in (CONTINUE, RESTART):
        finished = resumed(training, again, tmp_path / resume.schedule, recorder, resume, epochs=5)

        assert finished.setup.schedule_start == 1
        weights, expected = finished.state.network.state_dict(), whole.state.network.state_dict()
        assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_a_resumed_training_belongs_to_the_given_run(interrupted, recorder, tmp_path):
    training, checkpoint = interrupted

    assert resumed(training, checkpoint, tmp_path / "a", recorder, CONTINUE).state.run_id == "run-1"
    assert resumed(training, checkpoint, tmp_path / "b", recorder, CONTINUE, run_id="run-2").state.run_id == "run-2"


@pytest.mark.parametrize("start", [None, -1, 2, "1"])
def test_a_damaged_start_of_the_schedule_is_refused(interrupted, recorder, tmp_path, start):
    training, checkpoint = interrupted
    checkpoint.header["setup"]["schedule_start"] = start

    with pytest.raises(ValueError, match="its learning rate schedule starts at epoch .*; choose another version"):
        resumed(training, checkpoint, tmp_path / "second", recorder, CONTINUE)


def test_a_later_start_shifts_rate_and_warps():
    config = configured.training(epochs=10, learning_rate_schedule={"warmup_epochs": 1})
    shorter = config.model_copy(update={"epochs": 6})
    warps = configured.warps(ease_from=0.5, final_strength=0.2)

    for epoch in (4, 4.5, 7, 9, 10):
        assert learning_rate(epoch, config, 4) == learning_rate(epoch - 4, shorter)
        assert warp_strength(epoch, 10, warps, 4) == warp_strength(epoch - 4, 6, warps)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("warps.rotation_degrees", {"warps": {"rotation_degrees": 1}}),
        ("network.hidden_layers", {"network": {"hidden_layers": 3}}),
        ("fingerprint", {"digits": "other"}),
        ("split", {"split": "other"}),
    ],
)
def test_a_training_does_not_continue_from_the_checkpoint_of_another_one(interrupted, recorder, name, changes):
    training, checkpoint = interrupted
    digits, split = training.digits, training.split
    if "digits" in changes:
        digits = replace(digits, fingerprint="cd" * 32)
    if "split" in changes:
        split = Split(split.train[1:], split.validation)
    setup = type(training)(
        training={"checkpoint_seconds": 1e-9},
        **{group: values for group, values in changes.items() if group in ("warps", "network")},
    ).setup
    setup = define_training(
        digits, split, network=setup.network, growth=setup.growth, training=setup.training, warps=setup.warps
    )

    with pytest.raises(ValueError, match=f"belongs to another training: {re.escape(name)} was "):
        continue_training(setup, digits, split, checkpoint, training.machine, CONTINUE)


@pytest.mark.parametrize("place", ["training", "warps"])
def test_a_name_that_only_the_checkpoint_has_is_refused(make_training, place):
    """Of another version of the program, say."""
    setup = make_training().setup
    earlier = json.loads(json.dumps(setup.to_dict()))
    earlier[place]["momentum"] = 0.9

    with pytest.raises(ValueError, match=f"belongs to another training: {place}.momentum was 0.9"):
        setup.check_continues(earlier)
