"""The recorded update. Where there is no GPU, a stand-in for CUDA's graphs replays the update on the CPU."""

import contextlib

import pytest
import torch

from mnist_growth.learning import Autograd, Backprop, BatchResult, objective_for
from mnist_growth.training import NoCheckpoints, train
from mnist_growth.training.epoch import begin_epoch
from mnist_growth.training.graph import WARM_UPDATES, GraphedUpdate
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.pace import Pace
from mnist_growth.training.step import TrainingStep

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


class Log:
    """An update that writes down what it is given, and a graph that replays it on the memory it was recorded with."""

    def __init__(self):
        self.calls, self.recorded, self.registered, self.recording = [], [], [], False

    def update(self, chosen, pace):
        if self.recording:
            self.recorded.append((chosen, pace))
        else:
            self.calls.append((chosen.tolist(), [float(number) for number in pace]))
        return BatchResult(torch.tensor(0.0), torch.tensor(len(self.calls)))

    def register_generator_state(self, generator):
        self.registered.append(generator)

    def replay(self):
        self.update(*self.recorded[-1])

    @contextlib.contextmanager
    def graph(self, _):
        self.recording = True
        yield
        self.recording = False


@pytest.fixture
def log(monkeypatch):
    log = Log()
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: log)
    monkeypatch.setattr(torch.cuda, "graph", log.graph)
    return log


@pytest.fixture
def pieces(make_training):
    return MicroBatches(4, min_images=1, budget=make_training().budget)


def test_after_some_plain_updates_one_is_recorded_and_replayed_with_what_each_batch_brings(log, pieces):
    generator = torch.Generator()
    graphed = GraphedUpdate(log.update, generator, pieces)
    given = [([batch, batch + 1], [2.0**-batch, 1.0 + batch, 3.0 * batch]) for batch in range(WARM_UPDATES + 3)]

    for chosen, pace in given:
        graphed.update(torch.tensor(chosen), Pace(*pace))

    assert log.calls == given
    assert len(log.recorded) == 1
    assert log.registered == [generator]


def test_it_is_recorded_anew_when_a_batch_is_divided_otherwise(log, pieces):
    graphed = GraphedUpdate(log.update, torch.Generator(), pieces)
    for _ in range(WARM_UPDATES + 2):
        graphed.update(torch.tensor([1, 2]), Pace(0.5))
    assert len(log.recorded) == 1
    pieces.halve()
    for _ in range(2):
        graphed.update(torch.tensor([1, 2]), Pace(0.5))
    assert len(log.recorded) == 2
    assert len(log.calls) == WARM_UPDATES + 4


def test_a_recording_that_fails_for_want_of_memory_is_not_replayed(log, pieces):
    graphed = GraphedUpdate(log.update, torch.Generator(), pieces)
    for _ in range(WARM_UPDATES + 1):
        graphed.update(torch.tensor([1, 2]), Pace(0.5))
    done = len(log.calls)

    def scarce(*_):
        raise torch.OutOfMemoryError

    pieces.halve()
    graphed._update = scarce
    with pytest.raises(torch.OutOfMemoryError):
        graphed.update(torch.tensor([1, 2]), Pace(0.5))
    graphed._update = log.update
    log.recording = False
    graphed.update(torch.tensor([1, 2]), Pace(0.5))
    assert (len(log.calls), len(log.recorded)) == (done + 1, 2)


@pytest.mark.parametrize("growth", [{}, {"new_unit_learning_rate_scale": 3.0, "new_unit_warmup_epochs": 0.5}])
def test_rates_that_lie_in_memory_give_the_same_update_as_plain_numbers(make_training, recorder, growth):
    """Bit for bit, because powers of two are the same numbers in the double of Python and in a float32 tensor.

    Any other rate is rounded when it is put into the tensor. Adam divides a gradient by its own size, so such a
    rounding can move a weight with a gradient near zero by up to 1e-4.
    """
    pace = Pace(rate=2.0**-7, newest_factor=2.0, warp_strength=0.5)
    states = []
    for kind in (float, torch.tensor):
        training = make_training(training={"epochs": 2}, growth=growth)
        state = training.begin()
        train(state, training.data, training.setup, NoCheckpoints(), recorder, training.budget)
        begin_epoch(state, training.data, grew=False, batch_size=training.setup.training.batch_size)
        micro_batches = MicroBatches(40, min_images=2, budget=training.budget)
        step = TrainingStep(
            state, training.data, training.setup, 4, micro_batches, objective_for(state.network, None, 0.0)
        )
        for _ in range(3):
            step.update(state.progress.order[:40], Pace(*map(kind, pace)))
        states.append(state.network.state_dict())
    for name, plain in states[0].items():
        torch.testing.assert_close(states[1][name], plain, rtol=0, atol=0)


@needs_gpu
@pytest.mark.parametrize("objective", [Backprop, Autograd])
def test_on_a_gpu_the_recorded_training_is_the_plain_one(make_training, recorder, monkeypatch, objective):
    weights = []
    for warm_updates in (WARM_UPDATES, 10**9):
        monkeypatch.setattr("mnist_growth.training.graph.WARM_UPDATES", warm_updates)
        training = make_training(device="cuda", training={"epochs": 6})
        state = training.begin()
        train(state, training.data, training.setup, NoCheckpoints(), recorder, training.budget, objective)
        weights.append(state.average.state_dict())
    for name, recorded in weights[0].items():
        torch.testing.assert_close(recorded, weights[1][name], rtol=0, atol=0)
