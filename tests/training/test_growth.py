"""Growing within a training: every way of it trains, is measured, and goes on from a checkpoint."""

import io
import itertools
from typing import get_args

import pandas as pd
import pytest
import torch

import configured
from mnist_growth.growth import OperatorName
from mnist_growth.growth.config import PlaceName
from mnist_growth.inspection import unit_cohorts
from mnist_growth.learning import objective_for
from mnist_growth.network import MLPSpec
from mnist_growth.training import CheckpointStore, NoCheckpoints, growth_table, train
from mnist_growth.training.epoch import begin_epoch
from mnist_growth.training.growth import due_growth, grow, newest_factor
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.step import TrainingStep

# A training of three epochs has its growths in it whatever the trigger.
GROWTH = {"plateau_improvement": 0.99, "plateau_epochs": 1, "cooldown_epochs": 1}
GROUPS = ["hidden layer 1", "hidden layer 2"]
PLAN = [{"epoch": 1, "neurons": [9, 7]}, {"epoch": 2, "neurons": 10}]
COMBINATIONS = list(itertools.product(get_args(OperatorName), ("schedule", "plateau", "plan"), get_args(PlaceName)))


class StopHereError(Exception):
    pass


class StoppingStore(CheckpointStore):
    """Saves, and stops the training once it has grown and gone on a little."""

    def save(self, state, setup):
        super().save(state, setup)
        if state.events and state.progress.batches == 2:
            raise StopHereError


def run(training, recorder, checkpoints=None, state=None):
    state = state or training.begin()
    train(state, training.data, training.setup, checkpoints or NoCheckpoints(), recorder, training.budget)
    return state


@pytest.mark.parametrize(("operator", "trigger", "where"), COMBINATIONS)
def test_every_combination_trains_and_tells_what_it_did(make_training, recorder, operator, trigger, where):
    plan = PLAN if trigger == "plan" else ()
    training = make_training(growth={**GROWTH, "operator": operator, "trigger": trigger, "where": where, "plan": plan})
    state = run(training, recorder)
    assert recorder.events == state.events
    assert state.events
    assert state.average.widths == state.network.widths
    assert dict(state.network.named_parameters()).keys() == state.optimizer.parameters.keys()
    for event in state.events:
        before, after = event.widths_before, event.widths_after
        assert event.layers == tuple(i + 1 for i in range(2) if after[i] > before[i])
        assert len(event.gradient_gains) == len(event.layers)
        assert all(gain > 0 for gain in event.gradient_gains)
        assert (event.operator, event.trigger) == (operator, trigger)
        assert event.parameters_after > event.parameters_before
        if operator != "random":
            assert event.largest_logit_change <= 1e-6 * max(1, event.largest_logit)
    assert [event.epoch for event in state.events] == [record.epoch for record in state.records if record.grew]
    assert all(torch.isfinite(parameter).all() for parameter in state.average.parameters())


@pytest.mark.parametrize(
    ("operator", "trigger", "where"),
    [
        ("net2net_split", "plateau", "all"),
        ("gradient_directed", "schedule", "largest_gain"),
        ("paired", "schedule", "all"),
        ("random", "plateau", "largest_gain"),
        ("zero_fan_out", "plan", "all"),
    ],
)
def test_a_training_that_goes_on_after_a_growth_equals_the_uninterrupted_one(
    make_training, recorder, tmp_path, operator, trigger, where
):
    growth = {
        **GROWTH,
        "operator": operator,
        "trigger": trigger,
        "where": where,
        "plan": PLAN if trigger == "plan" else (),
        "new_unit_warmup_epochs": 0.7,
        "new_unit_learning_rate_scale": 2.0,
    }
    training = make_training(growth=growth, training={"checkpoint_seconds": 1e-9})
    whole = run(training, recorder)
    with pytest.raises(StopHereError):
        run(training, recorder, StoppingStore(tmp_path / "first"))
    checkpoint = CheckpointStore(tmp_path / "second", earlier=tmp_path / "first").latest()
    state = run(training, recorder, state=checkpoint.restore(torch.device("cpu")))
    assert state.events == whole.events
    for ours, theirs in ((state.network, whole.network), (state.average, whole.average)):
        assert ours.widths == theirs.widths
        for name, tensor in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], tensor), name
    for name, moments in whole.optimizer.moments().items():
        resumed = state.optimizer.moments()[name]
        assert all(torch.equal(*pair) for pair in zip(vars(moments).values(), vars(resumed).values(), strict=True))


def test_a_plan_grows_each_layer_as_it_says(make_training, recorder):
    training = make_training(growth={"trigger": "plan", "plan": PLAN}, training={"epochs": 4})
    state = run(training, recorder)
    assert [record.widths for record in state.records] == ["6-6", "9-7", "10-10", "10-10"]
    assert [event.layers for event in state.events] == [(1, 2), (1, 2)]
    with pytest.raises(
        ValueError, match="'growth.plan' has 2 widths at epoch 1, but the network has 3 groups of units by"
    ):
        make_training(growth={"trigger": "plan", "plan": PLAN}, network={"hidden_layers": 3})


DEEPENING = [{"epoch": 1, "neurons": [8, 6, 7]}, {"epoch": 2, "neurons": [9, 9, 9, 8]}]


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_plan_may_add_layers_and_continues_after_them_bit_for_bit(make_training, recorder, tmp_path, batch_norm):
    growth = {"trigger": "plan", "plan": DEEPENING, "operator": "net2net_split"}
    training = make_training(
        growth=growth, network={"batch_norm": batch_norm}, training={"epochs": 4, "checkpoint_seconds": 1e-9}
    )
    state = run(training, recorder)
    assert [record.widths for record in state.records] == ["6-6", "8-6-7", "9-9-9-8", "9-9-9-8"]
    assert [event.widths_before for event in state.events] == [(6, 6, 0), (8, 6, 7, 0)]
    assert [event.layers for event in state.events] == [(1, 3), (1, 2, 3, 4)]
    assert all(event.largest_logit_change <= 1e-6 * max(1, event.largest_logit) for event in state.events)
    assert all(state.optimizer.parameters[name] is tensor for name, tensor in state.network.named_parameters())
    assert state.average.widths == (9, 9, 9, 8)
    cohorts = unit_cohorts(
        state.average,
        growth_table(state.events, [group.label for group in state.network.unit_groups()]),
        training.data.images.numpy(),
        training.data.labels.numpy(),
        epochs=4,
    )
    assert cohorts[cohorts["layer"] == 4][["born_epoch", "units"]].to_numpy().tolist() == [[3, 8]]

    with pytest.raises(StopHereError):
        run(training, recorder, StoppingStore(tmp_path / "first"))
    checkpoint = CheckpointStore(tmp_path / "second", earlier=tmp_path / "first").latest()
    resumed = run(training, recorder, state=checkpoint.restore(torch.device("cpu")))
    for name, tensor in state.average.state_dict().items():
        assert torch.equal(resumed.average.state_dict()[name], tensor), name


def test_the_average_keeps_its_function_too(make_training, recorder):
    training = make_training(growth={"operator": "net2net_split"})
    state = training.begin()
    train_one_epoch = make_training(training={"epochs": 1}).setup
    train(state, training.data, train_one_epoch, NoCheckpoints(), recorder, training.budget)
    before = state.average(training.data.images)
    assert grow(state, training.data, training.setup, due_growth(state, training.setup)) is not None
    torch.testing.assert_close(state.average(training.data.images), before, rtol=0, atol=1e-6)
    assert not state.average.training
    assert not any(parameter.requires_grad for parameter in state.average.parameters())


def test_where_the_gain_is_largest_costs_no_more_than_everywhere(make_training, recorder):
    best, everywhere = (
        run(make_training(growth={"where": where, "max_neurons": 20}), recorder) for where in ("largest_gain", "all")
    )
    for mine, other in zip(best.records, everywhere.records, strict=True):
        assert 0.9 * other.multiply_adds < mine.multiply_adds <= other.multiply_adds


def test_multiply_adds_add_up(make_training, recorder):
    state = run(make_training(), recorder)
    widths = [tuple(map(int, record.widths.split("-"))) for record in state.records]
    spent = list(
        itertools.accumulate(
            160 * MLPSpec(hidden_widths=width, batch_norm=True).training_multiply_adds for width in widths
        )
    )
    assert [record.multiply_adds for record in state.records] == spent


def test_new_units_warm_up_and_keep_their_scale_until_the_next_growth():
    config = configured.growth(new_unit_warmup_epochs=1.5, new_unit_learning_rate_scale=3)
    assert newest_factor(None, config, 4) == 1
    assert [newest_factor(age, config, 4) for age in (0, 2, 5, 6, 100)] == pytest.approx([0.5, 1.5, 3, 3, 3])
    assert [newest_factor(age, configured.growth(), 4) for age in (0, 100)] == [1, 1]


def test_a_step_counts_the_age_of_the_newest_units_itself(make_training, recorder):
    """As the optimizer does, whose count a GPU would have to be waited for."""
    training = make_training(training={"epochs": 2})
    state = run(training, recorder)
    pieces = MicroBatches(40, min_images=2, budget=training.budget)
    step = TrainingStep(state, training.data, training.setup, 4, pieces, objective_for(state.network, None, 0.0))
    assert step.newest_age == state.optimizer.newest_age == 4
    grow(state, training.data, training.setup, due_growth(state, training.setup))
    begin_epoch(state, training.data, grew=True, batch_size=training.setup.training.batch_size)
    pieces = MicroBatches(40, min_images=2, budget=training.budget)
    step = TrainingStep(state, training.data, training.setup, 4, pieces, objective_for(state.network, None, 0.0))
    for updates in range(4):
        assert step.newest_age == state.optimizer.newest_age == updates
        step()


def test_the_scale_of_new_units_reaches_the_optimizer(make_training, recorder):
    neutral, fast = (
        run(make_training(growth={"new_unit_learning_rate_scale": scale}), recorder) for scale in (1.0, 5.0)
    )
    assert not torch.equal(neutral.network.output.weight, fast.network.output.weight)
    first_epoch = [(state.records[0].train_loss, state.records[0].validation_loss) for state in (neutral, fast)]
    assert first_epoch[0] == first_epoch[1]


def test_the_table_has_a_row_for_each_growth_and_layer_and_survives_parquet(make_training, recorder):
    state = run(make_training(), recorder)
    table = growth_table(state.events, GROUPS)
    assert list(table["epoch"]) == [2, 2, 3, 3]
    assert list(table["layer"]) == [1, 2, 1, 2]
    assert list(table["group"]) == [*GROUPS, *GROUPS]
    assert list(table["width_before"]) == [6, 6, 9, 9]
    assert list(table["width_after"]) == [9, 9, 10, 10]
    assert list(table["gradient_gain"]) == [gain for event in state.events for gain in event.gradient_gains]
    for rows in (table, growth_table([], GROUPS)):
        file = io.BytesIO()
        rows.to_parquet(file)
        pd.testing.assert_frame_equal(pd.read_parquet(file), rows)
    assert list(growth_table([], GROUPS).columns) == list(table.columns)
