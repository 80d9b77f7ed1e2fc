"""Recorded updates. Where there is no GPU, a stand-in for CUDA's graphs replays their kernels on the CPU."""

from functools import partial

import pytest
import torch
from recorded_on_cpu import RecorderOnCpu

from mnist_growth.learning import Autograd, Backprop, objective_for
from mnist_growth.training import NoCheckpoints, train
from mnist_growth.training.epoch import batches_per_epoch, begin_epoch, finish_epoch
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.pace import Pace
from mnist_growth.training.recorded_steps import RecordedSteps
from mnist_growth.training.step import TrainingStep

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
BATCH = 10  # 18 batches of 180 images: two series of eight updates and one of two

LOOP_USES = "mnist_growth.training.loop.recorded_on_gpu"


@pytest.fixture(autouse=True)
def rounded_rates(monkeypatch):
    """Paces lie on the device in float32; with the same rounding, direct updates are the same bit for bit."""
    exact_pace, exact_share = TrainingStep.pace, TrainingStep.kept_share
    rounded = lambda number: float(torch.tensor(number))  # noqa: E731
    monkeypatch.setattr(TrainingStep, "pace", lambda step, *of: Pace(*map(rounded, exact_pace(step, *of))))
    monkeypatch.setattr(TrainingStep, "kept_share", lambda step, *of: rounded(exact_share(step, *of)))


class Run:
    """Some epochs of a training, with updates that are recorded or not."""

    def __init__(self, make_training, recorder=None, objective=objective_for, **changes):
        settings = {"batch_size": BATCH, "epochs": 3, **changes.pop("training", {})}
        self.training = make_training(training=settings, **changes)
        self.state = self.training.begin()
        self.pieces = MicroBatches(BATCH, min_images=2, budget=self.training.budget)
        self.objective, self.recorder = objective, recorder and recorder(self.state.warp_generator)

    def begin_epoch(self):
        data = self.training.data
        begin_epoch(self.state, data, grew=False, batch_size=BATCH)
        batches = batches_per_epoch(len(data.train), BATCH)
        objective = self.objective(self.state.network, None, 0.1)
        self.step = TrainingStep(self.state, data, self.training.setup, batches, self.pieces, objective)
        if self.recorder is not None:
            self.step = RecordedSteps(self.step, self.recorder)

    def epochs(self, count):
        for epoch in range(count):
            if epoch == 0:
                self.begin_epoch()
            else:
                begin_epoch(self.state, self.training.data, grew=False, batch_size=BATCH)
            while self.state.progress.batches < self.step.batches:
                self.step()
            finish_epoch(self.state, self.training.data, self.training.setup, self.pieces)
        return self

    def content(self):
        state = self.state
        tensors, _ = state.optimizer.state()
        losses = [number for record in state.records for number in (record.train_loss, record.train_accuracy)]
        return {**state.network.state_dict(), **_named("average", state.average.state_dict()), **tensors}, losses


def _named(prefix, tensors):
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def assert_equal(one, other):
    (tensors, losses), (expected, expected_losses) = one.content(), other.content()
    for name, tensor in expected.items():
        torch.testing.assert_close(tensors[name], tensor, rtol=0, atol=0, msg=name)
    assert losses == pytest.approx(expected_losses, rel=1e-12)
    assert one.state.updates == other.state.updates


@pytest.mark.parametrize("objective", [Backprop, Autograd])
def test_recorded_updates_are_the_direct_ones(make_training, objective):
    recorded = Run(make_training, RecorderOnCpu, objective).epochs(3)

    assert_equal(recorded, Run(make_training, None, objective).epochs(3))
    assert recorded.recorder.recordings == 2
    assert recorded.recorder.replays == 8


def test_every_series_ends_at_an_average(make_training):
    run = Run(make_training, RecorderOnCpu)
    run.begin_epoch()
    done = []
    while run.state.progress.batches < run.step.batches:
        run.step()
        done.append(run.state.progress.batches)
    assert done == [1, 2, 3, 4, 5, 6, 7, 8, 16, 18]


def test_after_a_resume_within_an_epoch_direct_updates_lead_to_the_next_average(make_training):
    run, plain = Run(make_training, RecorderOnCpu), Run(make_training)
    for each in (run, plain):
        each.begin_epoch()
        while each.state.progress.batches < 4:
            each.step()
    run.step = RecordedSteps(run.step._step, RecorderOnCpu(run.state.warp_generator))
    while run.state.progress.batches < 18:
        run.step()
    while plain.state.progress.batches < 18:
        plain.step()
    for each in (run, plain):
        finish_epoch(each.state, each.training.data, each.training.setup, each.pieces)
    assert_equal(run, plain)


def test_they_are_recorded_anew_when_a_batch_is_divided_otherwise(make_training):
    recorded, plain = Run(make_training, RecorderOnCpu), Run(make_training)
    for run in (recorded, plain):
        run.epochs(2)
        run.pieces.halve()
        begin_epoch(run.state, run.training.data, grew=False, batch_size=BATCH)
        while run.state.progress.batches < run.step.batches:
            run.step()
        finish_epoch(run.state, run.training.data, run.training.setup, run.pieces)
    assert_equal(recorded, plain)
    assert recorded.recorder.recordings == 4


def test_a_recording_that_fails_for_want_of_memory_is_repeated_with_smaller_pieces(make_training):
    recorded = Run(make_training, partial(RecorderOnCpu, scarce={0})).epochs(1)
    assert recorded.pieces.size == BATCH // 2
    assert recorded.recorder.recordings == 3  # the failed one, eight updates, and two

    plain = Run(make_training)
    plain.begin_epoch()
    while plain.state.progress.batches < plain.step.batches:
        if plain.state.progress.batches == 8:
            plain.pieces.halve()
        plain.step()
    finish_epoch(plain.state, plain.training.data, plain.training.setup, plain.pieces)
    assert_equal(recorded, plain)


def test_the_stand_in_refuses_what_a_gpu_would_wait_for():
    number = torch.ones(())
    with pytest.raises(AssertionError, match="reads a number"):
        RecorderOnCpu(torch.Generator()).record(lambda: number.item())


def test_a_training_that_grows_is_the_direct_one(make_training, recorder, monkeypatch):
    """The rate of new units is a product of float32 numbers on the device, so weights agree to rounding."""
    growth = {"new_unit_learning_rate_scale": 3.0, "new_unit_warmup_epochs": 0.5}
    averages = []
    for is_recorded in (True, False):
        training = make_training(training={"batch_size": BATCH}, growth=growth)
        state = training.begin()
        if is_recorded:
            stand_in = RecorderOnCpu(state.warp_generator)
            monkeypatch.setattr(LOOP_USES, lambda step, stand_in=stand_in: RecordedSteps(step, stand_in))
        else:
            monkeypatch.setattr(LOOP_USES, lambda step: step)
        train(state, training.data, training.setup, NoCheckpoints(), recorder, training.budget)
        averages.append(state.average.state_dict())
        assert state.average.widths == (10, 10)
    assert stand_in.recordings == 6  # eight and two updates, after the start and after both growths
    for name, direct in averages[1].items():
        torch.testing.assert_close(averages[0][name], direct, rtol=1e-4, atol=1e-6)


@needs_gpu
@pytest.mark.parametrize("objective", [Backprop, Autograd])
def test_on_a_gpu_the_recorded_training_is_the_direct_one(make_training, recorder, monkeypatch, objective):
    weights = []
    for warm_updates in (3, 10**9):
        monkeypatch.setattr("mnist_growth.training.recorded_steps.WARM_UPDATES", warm_updates)
        training = make_training(device="cuda", training={"epochs": 6, "batch_size": BATCH})
        state = training.begin()
        train(state, training.data, training.setup, NoCheckpoints(), recorder, training.budget, objective)
        weights.append(state.average.state_dict())
    for name, recorded in weights[0].items():
        torch.testing.assert_close(recorded, weights[1][name], rtol=0, atol=0)
