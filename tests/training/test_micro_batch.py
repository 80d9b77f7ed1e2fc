from functools import partial

import pytest
import torch

import configured
from mnist_growth.learning import Backprop, GrowingAdamW
from mnist_growth.learning.fused_update import FusedUpdate
from mnist_growth.network import GrowingMLP
from mnist_growth.training import CheckpointStore, NoCheckpoints, train
from mnist_growth.training.micro_batch import MicroBatches, bytes_per_image

IMAGES = torch.randint(0, 256, (512, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


class Budget:
    """A budget whose use is set by hand."""

    def __init__(self, size, used=0):
        self.bytes, self.in_use, self.collected = size, used, 0
        self.device = torch.device("cpu")

    def used(self):
        return self.in_use

    def available(self):
        return self.bytes - self.in_use

    def collect(self):
        self.collected += 1


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(("count", "size"), [(40, 40), (40, 13), (5, 2), (5, 1), (3, 2), (2, 1), (7, 100), (1, 4)])
def test_a_batch_is_divided_into_every_image_once_and_batch_norm_never_gets_one_alone(count, size, batch_norm):
    pieces = MicroBatches(size, min_images=1 + batch_norm, budget=Budget(1)).split(count)
    assert [index for piece in pieces for index in range(count)[piece]] == list(range(count))
    sizes = {piece.stop - piece.start for piece in pieces}
    assert max(sizes) - min(sizes) <= 1
    if batch_norm and count > 1:
        assert min(sizes) >= 2
    else:
        assert max(sizes) <= size


def test_the_memory_of_an_image_is_measured_and_grows_with_the_width():
    narrow, wide = (bytes_per_image(GrowingMLP([w] * 3), IMAGES, configured.warps(enabled=False)) for w in (64, 2048))
    assert wide > narrow > 784 * 4  # one image in single precision
    # what backward needs: the input of every layer, before and after batch norm and relu, at the least
    assert wide > (784 + 3 * 2048) * 4
    plain = bytes_per_image(GrowingMLP([64] * 3), IMAGES, configured.warps(enabled=False))
    assert bytes_per_image(GrowingMLP([64] * 3), IMAGES, configured.warps(images_per_warp=1)) > plain


def test_the_measurement_changes_neither_network_nor_generator():
    network = GrowingMLP([8]).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.get_rng_state()
    bytes_per_image(network, IMAGES, configured.warps())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert torch.equal(state, torch.get_rng_state())


def test_the_size_is_what_fits_and_never_more_than_wanted(caplog):
    network = GrowingMLP([64])
    measure = partial(bytes_per_image, network, warps=configured.warps())
    per_image = measure(IMAGES)
    roomy = MicroBatches(256, min_images=2, budget=Budget(10**9))
    roomy.fit(measure, IMAGES)
    assert roomy.size == 256
    assert not caplog.records
    tight = MicroBatches(256, min_images=2, budget=Budget(int(100 * per_image)))
    tight.fit(measure, IMAGES)
    assert 50 <= tight.size < 100
    assert "images instead of 256 go through the network at once" in caplog.text


def test_a_budget_without_room_for_the_smallest_piece_is_refused_after_collecting():
    network, budget = GrowingMLP([64]), Budget(100_000_000, used=99_999_000)
    pieces = MicroBatches(256, min_images=2, budget=budget)
    with pytest.raises(MemoryError, match=r"100 MB are in use, and the budget of 100 MB .* no room for 2 image\(s\)"):
        pieces.fit(partial(bytes_per_image, network, warps=configured.warps()), IMAGES)
    assert budget.collected == 1


def test_when_memory_gets_tight_half_as_many_are_taken_and_no_oftener_than_every_second(monkeypatch):
    now = [10.0]
    monkeypatch.setattr("mnist_growth.training.micro_batch.time.monotonic", lambda: now[0])
    budget = Budget(100, used=50)
    pieces = MicroBatches(64, min_images=1, budget=budget)
    pieces.check_budget()
    assert pieces.size == 64
    budget.in_use = 150
    pieces.check_budget()
    assert pieces.size == 64
    now[0] += 1.0
    pieces.check_budget()
    pieces.check_budget()
    assert pieces.size == 32
    assert budget.collected == 1


def test_when_memory_is_tight_with_the_smallest_piece_that_is_the_end():
    budget = Budget(100, used=50)
    pieces = MicroBatches(1, min_images=1, budget=budget)
    budget.in_use = 150
    with pytest.raises(MemoryError, match="has no room for 1 image"):
        pieces.check_budget()


def test_every_smaller_size_is_told_with_its_reason():
    told = []
    pieces = MicroBatches(8, min_images=1, budget=Budget(1), on_shrink=lambda *what: told.append(what))
    pieces.halve()
    pieces.halve()
    assert told == [(4, "an allocation failed"), (2, "an allocation failed")]


def test_where_memory_runs_out_in_the_measurement_it_is_made_on_fewer_images():
    seen = []

    def scarce(images):
        seen.append(len(images))
        if len(images) > 100:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return bytes_per_image(GrowingMLP([64]), images, configured.warps())

    pieces = MicroBatches(256, min_images=2, budget=Budget(10**9))
    pieces.fit(scarce, IMAGES)
    assert seen == [512, 256, 128, 64]
    assert pieces.size == 256


def test_when_nothing_is_left_to_halve_it_says_what_to_do():
    pieces = MicroBatches(3, min_images=2, budget=Budget(1))
    pieces.halve()
    assert pieces.size == 2
    with pytest.raises(MemoryError, match="Memory ran out with 2 image"):
        pieces.halve()


ON_CPU = RuntimeError("[enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory")
ON_GPU = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.\nGPU 0 has a total capacity")


def starve(monkeypatch, most, error=ON_CPU):
    """Let every pass of more than ``most`` images fail as torch fails, but for the probe's."""
    add = Backprop.add

    def scarce(self, images, labels, share):
        result = add(self, images, labels, share)  # batch norm and gradients have moved by now
        if most < len(images) != 160:
            raise error
        return result

    monkeypatch.setattr(Backprop, "add", scarce)


@pytest.mark.parametrize("error", [ON_CPU, ON_GPU, MemoryError()])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_batch_that_runs_out_of_memory_is_trained_in_pieces_with_the_same_result(
    make_training, recorder, monkeypatch, batch_norm, error
):
    """As if the pieces had been asked for from the start; without batch norm also as in one piece."""

    def weights(**changes):
        training = make_training(network={"batch_norm": batch_norm}, training={"epochs": 2, **changes})
        monkeypatch.setattr("mnist_growth.training.micro_batch.PROBE_IMAGES", 160)
        monkeypatch.setattr("mnist_growth.training.growth.PROBE_IMAGES", 160)
        state = training.begin()
        train(state, training.data, training.setup, NoCheckpoints(), recorder, training.budget)
        return state

    asked_for, whole = weights(micro_batch_size=20), weights()
    starve(monkeypatch, most=20, error=error)
    starved = weights()
    assert [record.micro_batch_size for record in starved.records] == [20, 20]
    assert recorder.calls.count(("shrank", 1, 20)) == 1
    for name, expected in asked_for.average.state_dict().items():
        assert torch.equal(expected, starved.average.state_dict()[name]), name
    if not batch_norm:
        for mine, other in zip(starved.records, whole.records, strict=True):
            assert mine.train_loss == pytest.approx(other.train_loss, rel=1e-5)


@pytest.mark.parametrize("error", [ON_CPU, ON_GPU])
def test_when_the_smallest_piece_does_not_fit_a_checkpoint_is_left_to_go_on_from(
    make_training, recorder, monkeypatch, tmp_path, error
):
    training = make_training()
    monkeypatch.setattr("mnist_growth.training.micro_batch.PROBE_IMAGES", 160)
    monkeypatch.setattr("mnist_growth.training.growth.PROBE_IMAGES", 160)
    uninterrupted = training.begin()
    train(uninterrupted, training.data, training.setup, NoCheckpoints(), recorder, training.budget)

    state, told = training.begin(), recorder.batch
    recorder.batch = lambda done: starve(monkeypatch, most=0, error=error) if done == 3 else told(done)
    with pytest.raises(MemoryError, match="Memory ran out with 2 image.*a checkpoint was written; free") as refusal:
        train(state, training.data, training.setup, CheckpointStore(tmp_path), recorder, training.budget)
    assert "\n" not in str(refusal.value)
    assert [call for call in recorder.calls if call[0] == "shrank"][-1] == ("shrank", 1, 2)
    assert recorder.calls[-1] == ("finished",)

    monkeypatch.undo()
    monkeypatch.setattr("mnist_growth.training.growth.PROBE_IMAGES", 160)
    recorder.batch = told
    resumed = CheckpointStore(tmp_path / "new", earlier=tmp_path).latest().restore(torch.device("cpu"))
    assert resumed.updates == 3
    train(resumed, training.data, training.setup, NoCheckpoints(), recorder, training.budget)
    for name, expected in uninterrupted.average.state_dict().items():
        assert torch.equal(expected, resumed.average.state_dict()[name]), name


def test_when_there_is_no_memory_for_a_checkpoint_either_the_one_before_stands(make_training, recorder, monkeypatch):
    class Starving(NoCheckpoints):
        def save(self, *_):
            raise ON_CPU

    training = make_training()
    monkeypatch.setattr("mnist_growth.training.micro_batch.PROBE_IMAGES", 160)
    starve(monkeypatch, most=0)
    with pytest.raises(MemoryError, match="not enough memory for a checkpoint; the previous one is intact; free"):
        train(training.begin(), training.data, training.setup, Starving(), recorder, training.budget)


def test_memory_that_runs_out_in_the_validation_leaves_a_checkpoint_too(make_training, recorder, monkeypatch):
    def scarce(*_):
        raise ON_GPU

    class Counting(NoCheckpoints):
        count = 0

        def save(self, *_):
            self.count += 1

    training, checkpoints = make_training(), Counting()
    monkeypatch.setattr("mnist_growth.training.epoch.score", scarce)
    with pytest.raises(MemoryError, match="^Memory ran out: a checkpoint was written"):
        train(training.begin(), training.data, training.setup, checkpoints, recorder, training.budget)
    assert checkpoints.count == 2  # at the start, and now


def test_memory_that_runs_out_in_a_growth_leaves_a_checkpoint_from_before_it(
    make_training, recorder, monkeypatch, tmp_path
):
    training = make_training()
    uninterrupted = training.begin()
    train(uninterrupted, training.data, training.setup, NoCheckpoints(), recorder, training.budget)

    def scarce(*_):
        raise ON_CPU

    grow = GrowingAdamW.grow
    monkeypatch.setattr(GrowingAdamW, "grow", scarce)
    with pytest.raises(MemoryError, match="^Memory ran out: a checkpoint was written"):
        train(training.begin(), training.data, training.setup, CheckpointStore(tmp_path), recorder, training.budget)
    monkeypatch.setattr(GrowingAdamW, "grow", grow)
    resumed = CheckpointStore(tmp_path / "new", earlier=tmp_path).latest().restore(torch.device("cpu"))
    assert (resumed.epochs_done, resumed.events) == (1, [])
    train(resumed, training.data, training.setup, NoCheckpoints(), recorder, training.budget)
    for name, expected in uninterrupted.average.state_dict().items():
        assert torch.equal(expected, resumed.average.state_dict()[name]), name


def test_memory_that_runs_out_in_the_optimizer_leaves_no_half_step(make_training, recorder, monkeypatch):
    """The batch is done again in smaller pieces; nothing was updated by the attempt."""
    training = make_training(network={"batch_norm": False}, training={"epochs": 2})
    uninterrupted, starved = training.begin(), training.begin()
    train(uninterrupted, training.data, training.setup, NoCheckpoints(), recorder, training.budget)
    calls, view = [], FusedUpdate.view_gradients

    def scarce(self):
        calls.append(self)
        if len(calls) == 4:  # the second of the two calls of the second step
            raise ON_CPU
        view(self)

    monkeypatch.setattr(FusedUpdate, "view_gradients", scarce)
    train(starved, training.data, training.setup, NoCheckpoints(), recorder, training.budget)
    assert recorder.calls.count(("shrank", 1, 20)) == 1
    for mine, other in zip(starved.records, uninterrupted.records, strict=True):
        assert mine.train_loss == pytest.approx(other.train_loss, rel=1e-5)
