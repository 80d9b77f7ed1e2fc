import copy
import os
import signal
import weakref

import pytest
import torch
import torch.nn.functional as F
from torch.nn.utils import parameters_to_vector

from mnist_growth.learning import averaged_copy, kept_share, objective_for, update_average
from mnist_growth.machine import Terminated, memory_limit_bytes
from mnist_growth.network import GrowingMLP
from mnist_growth.training import NoCheckpoints, batches_per_epoch, history_table, learning_rate, train
from mnist_growth.training.epoch import begin_epoch
from mnist_growth.training.growth import grow
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.step import TrainingStep


class Forgetful(NoCheckpoints):
    """Checkpoints that are counted and thrown away."""

    def __init__(self):
        self.moments = []

    def save(self, state, _setup):
        self.moments.append((state.epochs_done, state.progress.batches, state.network.widths[0]))


def test_a_training_learns_grows_on_schedule_and_tells_its_monitor(make_training, recorder):
    training = make_training(training={"epochs": 4})
    state, checkpoints = training.begin(), Forgetful()
    train(state, training.data, training.setup, checkpoints, recorder, training.budget)
    history = history_table(state.records)
    assert list(history["widths"]) == ["6-6", "9-9", "10-10", "10-10"]
    assert list(history["grew"]) == [False, True, True, False]
    assert list(history["epoch"]) == [1, 2, 3, 4]
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0]
    assert history["parameters"].iloc[-1] == state.network.parameter_count == state.average.parameter_count
    assert (history["peak_rss_bytes"] >= history["rss_bytes"]).all()
    assert history["images_per_second"].iloc[0] == pytest.approx(160 / history["seconds"].iloc[0])
    assert recorder.records == state.records
    assert recorder.events == state.events
    assert recorder.calls[0] == ("started", 0, 4, 4)
    assert recorder.calls[-1] == ("finished",)
    assert recorder.calls.count(("batch", 4)) == 4
    # At the start, before every growth and at the end.
    assert checkpoints.moments == [(0, 0, 6), (1, 0, 6), (2, 0, 9), (4, 0, 10)]
    assert state.updates == 16


def test_a_growth_that_affords_no_unit_is_prepared_once_for_each_target(make_training, recorder, monkeypatch):
    monkeypatch.setattr("mnist_growth.training.growth.neurons_to_add", lambda spec, *_: [0] * len(spec.widths))
    training = make_training(training={"epochs": 4})
    state, checkpoints = training.begin(), Forgetful()
    train(state, training.data, training.setup, checkpoints, recorder, training.budget)
    assert recorder.events == []
    assert checkpoints.moments == [(0, 0, 6), (1, 0, 6), (2, 0, 6), (4, 0, 6)]  # the targets are 9, 10, 10


def test_the_widths_are_those_of_the_growth_event_and_nothing_the_network_computes_changes(make_training, recorder):
    training = make_training()
    train(training.begin(), training.data, training.setup, Forgetful(), recorder, training.budget)
    first, second = recorder.events
    assert (first.widths_before, first.widths_after) == ((6, 6), (9, 9))
    assert (second.widths_before, second.widths_after) == ((9, 9), (10, 10))
    assert first.parameters_before < first.parameters_after == second.parameters_before
    for event in recorder.events:
        assert event.largest_logit > 0
        assert event.largest_logit_change <= 1e-6 * max(1, event.largest_logit)


def test_the_history_has_the_budget_and_what_was_used_before_the_training(make_training, recorder):
    training = make_training()
    train(training.begin(), training.data, training.setup, Forgetful(), recorder, training.budget)
    for record in recorder.records:
        assert record.budget_bytes == training.budget.bytes == memory_limit_bytes()
        assert 50e6 < record.overhead_bytes <= record.peak_rss_bytes


def test_it_learns_digits_that_can_be_told_apart(make_training, recorder):
    training = make_training(
        training={"epochs": 20, "ema_decay": 0.8},
        growth={"initial_neurons": 32, "growth_rate": 8, "growth_epochs": 5, "max_neurons": 48},
        warps={"enabled": False},
    )
    state = training.begin()
    train(state, training.data, training.setup, Forgetful(), recorder, training.budget)
    assert state.records[-1].validation_accuracy >= 0.95


def test_two_trainings_with_one_seed_are_bit_equal_and_another_seed_differs(make_training, recorder):
    def weights(seed):
        training = make_training(training={"seed": seed})
        state = training.begin()
        train(state, training.data, training.setup, Forgetful(), recorder, training.budget)
        return state.average.state_dict()

    first, second, other = weights(0), weights(0), weights(1)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["output.weight"], other["output.weight"])


@pytest.mark.parametrize("micro_batch_size", [None, 40, 13, 7, 1])
def test_one_step_equals_a_plain_torch_step_whatever_the_micro_batch(make_training, recorder, micro_batch_size):
    training = make_training(
        training={"micro_batch_size": micro_batch_size, "ema_decay": 0.5, "weight_decay": 0.1},
        network={"batch_norm": False},
        warps={"enabled": False},
    )
    state = training.begin(torch.float64)
    begin_epoch(state, training.data, grew=False, batch_size=training.setup.training.batch_size)
    reference = copy.deepcopy(state.network)
    average = averaged_copy(reference)
    matrices = [p for p in reference.parameters() if p.ndim == 2]
    vectors = [p for p in reference.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        lr=learning_rate(1.0, training.setup.training),
    )
    chosen = state.progress.order[:40]
    F.cross_entropy(reference(training.data.images[chosen]), training.data.labels[chosen]).backward()
    optimizer.step()
    update_average(average, reference, kept_share(0.5, 0))
    pieces = MicroBatches(micro_batch_size or 40, min_images=1, budget=training.budget)
    TrainingStep(state, training.data, training.setup, 1, pieces, objective_for(state.network, None, 0.0))()
    # Sums are taken in another order, and Adam divides each gradient by its own size: in float32, the rounding of a
    # tiny gradient moves a weight by up to 1e-5. In float64 the largest difference of 20 seeds was 2e-14.
    for ours, theirs in ((state.network, reference), (state.average, average)):
        for name, parameter in theirs.named_parameters():
            torch.testing.assert_close(ours.get_parameter(name), parameter, rtol=0, atol=1e-12)
    assert state.progress.batches == state.updates == 1


def test_during_an_epoch_the_average_stays_close_to_one_of_every_update(make_training, recorder):
    training = make_training(training={"batch_size": 2, "ema_decay": 0.9})
    state = training.begin()
    begin_epoch(state, training.data, grew=False, batch_size=training.setup.training.batch_size)
    reference, start = averaged_copy(state.network), parameters_to_vector(state.network.parameters()).detach()
    pieces = MicroBatches(2, min_images=2, budget=training.budget)
    objective = objective_for(state.network, None, 0.0)
    step = TrainingStep(state, training.data, training.setup, 90, pieces, objective)
    for updates in range(90):
        step()
        update_average(reference, state.network, kept_share(0.9, updates))
        if (updates + 1) % 8 == 0:
            current, average, expected = (
                parameters_to_vector(network.parameters()) for network in (state.network, state.average, reference)
            )
            # At most 0.18; 0.86 before the first update of the average.
            assert (average - expected).norm() < 0.3 * (current - start).norm()


def test_the_history_has_the_learning_rate_at_the_end_of_each_epoch(make_training, recorder):
    training = make_training(training={"epochs": 4})
    train(training.begin(), training.data, training.setup, Forgetful(), recorder, training.budget)
    rates = [record.learning_rate for record in recorder.records]
    assert rates == [learning_rate(epoch, training.setup.training) for epoch in (1, 2, 3, 4)]
    assert len(set(rates)) == 4


def test_every_image_is_seen_once_an_epoch_when_batches_come_out_even(make_training, recorder):
    training = make_training(training={"batch_size": 60})
    state = training.begin()
    begin_epoch(state, training.data, grew=False, batch_size=training.setup.training.batch_size)
    assert sorted(state.progress.order.tolist()) == training.data.train.tolist()
    first = state.progress.order.clone()
    begin_epoch(state, training.data, grew=False, batch_size=training.setup.training.batch_size)
    assert not torch.equal(first, state.progress.order)


@pytest.mark.parametrize(("images", "batch_size", "expected"), [(100, 10, 10), (109, 10, 10), (5, 10, 1)])
def test_only_whole_batches_but_at_least_one(images, batch_size, expected):
    assert batches_per_epoch(images, batch_size) == expected


def test_a_set_smaller_than_a_batch_trains(make_training, recorder):
    training = make_training(training={"batch_size": 1000, "epochs": 2})
    state = training.begin()
    train(state, training.data, training.setup, Forgetful(), recorder, training.budget)
    assert state.updates == 2
    assert state.records[0].train_loss > 0


def test_a_checkpoint_is_due_after_the_seconds_of_the_setup_also_within_an_epoch(make_training, recorder):
    training = make_training(training={"epochs": 1, "checkpoint_seconds": 1e-9})
    checkpoints = Forgetful()
    train(training.begin(), training.data, training.setup, checkpoints, recorder, training.budget)
    assert [moment[:2] for moment in checkpoints.moments] == [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 0)]


def test_a_monitor_can_end_the_training_after_an_epoch(make_training, recorder, caplog):
    training, checkpoints = make_training(training={"epochs": 5}), Forgetful()
    recorder.should_stop = lambda: len(recorder.records) == 2
    state = training.begin()
    with caplog.at_level("INFO"):
        train(state, training.data, training.setup, checkpoints, recorder, training.budget)
    assert state.epochs_done == len(recorder.records) == 2
    assert checkpoints.moments[-1][:2] == (2, 0)
    assert recorder.calls[-1] == ("finished",)
    assert "Stopped after epoch 2 of 5, as a monitor asked" in caplog.text


def test_divergence_is_one_sentence_and_the_monitor_is_closed(make_training, recorder):
    training = make_training()
    state = training.begin()
    with torch.no_grad():
        state.network.output.weight.fill_(float("inf"))
    with pytest.raises(FloatingPointError, match=r"training loss became nan in epoch 1: start again with a smaller"):
        train(state, training.data, training.setup, Forgetful(), recorder, training.budget)
    assert recorder.calls[-1] == ("finished",)


def test_growth_without_batch_norm_keeps_the_function(make_training, recorder):
    training = make_training(network={"batch_norm": False})
    state = training.begin()
    train(state, training.data, training.setup, Forgetful(), recorder, training.budget)
    assert isinstance(state.network, GrowingMLP)
    assert all(event.largest_logit_change <= 1e-6 * max(1, event.largest_logit) for event in recorder.events)


def test_a_growth_step_begins_without_the_memory_of_the_objective_of_the_old_network(
    make_training, recorder, monkeypatch
):
    alive = []

    def watched(network, dtype, label_smoothing):
        created = objective_for(network, dtype, label_smoothing)
        alive.append(weakref.ref(created))
        return created

    def grow_when_freed(state, *arguments):
        assert [reference() for reference in alive] == [None] * len(alive)
        return grow(state, *arguments)

    monkeypatch.setattr("mnist_growth.training.loop.grow", grow_when_freed)
    training = make_training()
    train(training.begin(), training.data, training.setup, Forgetful(), recorder, training.budget, watched)
    assert len(recorder.events) == 2
    assert len(alive) >= 3


def test_a_signal_after_the_last_batch_stops_after_the_last_checkpoint(make_training, recorder, monkeypatch):
    training = make_training()

    def stop_after_the_last_epoch(record):
        if record.epoch == training.setup.training.epochs:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(recorder, "epoch", stop_after_the_last_epoch)
    state, checkpoints = training.begin(), Forgetful()
    with pytest.raises(KeyboardInterrupt):
        train(state, training.data, training.setup, checkpoints, recorder, training.budget)
    assert checkpoints.moments[-1] == (training.setup.training.epochs, 0, 10)


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_ends_the_training_after_the_batch_with_a_checkpoint(make_training, recorder, number, expected):
    training = make_training()
    checkpoints = Forgetful()
    told = recorder.batch

    def batch(batches_done):
        told(batches_done)
        if recorder.calls.count(("batch", 2)) == 1 and batches_done == 2:
            os.kill(os.getpid(), number)

    recorder.batch = batch
    state = training.begin()
    with pytest.raises(expected):
        train(state, training.data, training.setup, checkpoints, recorder, training.budget)
    assert [moment[:2] for moment in checkpoints.moments] == [(0, 0), (0, 2)]
    assert state.updates == 2
    assert recorder.calls[-1] == ("finished",)


@pytest.mark.parametrize("reshapes", [True, False])
def test_a_change_is_made_before_every_epoch(make_training, recorder, reshapes):
    training = make_training(growth={"max_neurons": 6})
    state, objectives = training.begin(), []

    def change(changed):
        assert changed is state
        recorder.calls.append(("change", state.epochs_done, len(state.progress.order)))
        return reshapes

    def watched(network, dtype, label_smoothing):
        objectives.append(network)
        return objective_for(network, dtype, label_smoothing)

    train(state, training.data, training.setup, NoCheckpoints(), recorder, training.budget, watched, change)
    made = [call for call in recorder.calls if call[0] in ("change", "epoch")]
    assert made == [("change", 0, 0), ("epoch", 1), ("change", 1, 0), ("epoch", 2), ("change", 2, 0), ("epoch", 3)]
    assert objectives.count(state.network) == (3 if reshapes else 1)
