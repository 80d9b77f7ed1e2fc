from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

import configured
from mnist_growth.digits import Digits, pixel_statistics, stratified_split
from mnist_growth.nested import merge
from mnist_growth.network import predict_logits
from mnist_growth.pipelines.train import create_pipeline, create_resume_pipeline
from mnist_growth.training import Checkpoint, CheckpointStore, Monitors, TerminalMonitor
from mnist_growth.training.start import _threads_before

SMALL = {
    "growth": {"initial_neurons": 16, "growth_rate": 8, "growth_epochs": 2, "max_neurons": 24},
    "training": {"epochs": 4, "batch_size": 32, "learning_rate": 0.01, "weight_decay": 0.01, "ema_decay": 0.9},
    "warps": {"elastic_alpha_pixels": 0, "translation_pixels": 0},  # a bar is known by its height
    "device": "cpu",
}
MEASURED = ["seconds", "images_per_second", "rss_bytes", "peak_rss_bytes", "gpu_bytes", "overhead_bytes"]


@pytest.fixture(scope="module")
def digits() -> Digits:
    """A bright bar at a height given by the class, in noise."""
    generator = np.random.default_rng(0)
    labels = np.arange(300) % 10
    images = generator.integers(0, 60, (300, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4 + 2 * label : 6 + 2 * label, 6:22] += 180
    return Digits(images, labels, dataset="bars", fingerprint="ab" * 32)


def run(digits, folder, *, resume_from=None, threads=1, monitors=(), warps=None, **training):
    """Run the pipeline with the shipped parameters, made small; return the network and the history."""
    changes = {"training": training, "warps": warps or {}, "threads": threads}
    parameters = merge(merge(configured.base(), SMALL), changes)
    split = stratified_split(digits.labels, configured.split())
    pipeline = create_resume_pipeline() if resume_from else create_pipeline()
    inputs = {
        "train_digits": digits,
        "split": split,
        "pixel_statistics": pixel_statistics(digits.images, split.train),
        "checkpoints": CheckpointStore(folder, resume_from),
        "monitor": Monitors(monitors),
        **{f"params:{name}": value for name, value in parameters.items()},
    }
    types = {name: kind for node in pipeline.nodes for name, kind in _types(node).items()}
    catalog = DataCatalog(
        {
            name: MemoryDataset(_typed(types[name], value), copy_mode="assign")
            for name, value in inputs.items()
            if name in pipeline.inputs()
        }
    )
    outputs = SequentialRunner().run(pipeline, catalog)
    return outputs["network"].load(), outputs["training_history"].load()


def _types(node):
    """Declared type of each input of a node."""
    return dict(zip(node.inputs, list(node.func.__annotations__.values())[: len(node.inputs)], strict=True))


def _typed(kind, value):
    """A group of parameters as the model that the node declares, as Kedro gives it."""
    return kind.model_validate(value) if hasattr(kind, "model_validate") else value


@pytest.fixture(scope="module")
def uninterrupted(digits, tmp_path_factory):
    return run(digits, tmp_path_factory.mktemp("checkpoints"))


def test_the_network_grows_and_learns(digits, uninterrupted):
    trained, history = uninterrupted

    assert (trained.dataset, trained.fingerprint, trained.epochs) == ("bars", "ab" * 32, 4)
    assert trained.network.widths == (24, 24, 24)
    assert not trained.network.training
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["widths"].tolist() == ["16-16-16"] * 2 + ["24-24-24"] * 2
    assert history["grew"].tolist() == [False, False, True, False]
    assert history["train_loss"].is_monotonic_decreasing
    assert (predict_logits(trained.network, digits.images).argmax(1) == digits.labels).mean() > 0.8


def test_the_same_parameters_give_the_same_network(digits, uninterrupted, tmp_path):
    assert_same(run(digits, tmp_path), uninterrupted)


def test_another_seed_gives_another_network(digits, uninterrupted, tmp_path):
    other, _ = run(digits, tmp_path, seed=1)

    assert not torch.equal(other.network.output.weight, uninterrupted[0].network.output.weight)


def test_a_finished_training_that_is_resumed_stays_as_it_is(digits, uninterrupted, tmp_path):
    run(digits, tmp_path / "first")

    assert_same(run(digits, tmp_path / "second", resume_from=tmp_path / "first"), uninterrupted)


def test_a_constant_rate_and_constant_warps_can_go_on_to_more_epochs(digits, tmp_path):
    # Cosine and the easing of the warps follow the number of epochs, so only what does not can be the same.
    constant = {
        "learning_rate_schedule": {"schedule": "decay", "warmup_epochs": 0, "decay": 1.0},
        "warps": {"ease_from": 1},
    }
    longer = run(digits, tmp_path / "whole", epochs=4, **constant)
    run(digits, tmp_path / "first", epochs=1, **constant)
    resumed = run(digits, tmp_path / "second", epochs=4, resume_from=tmp_path / "first", **constant)

    assert_same(resumed, longer)


class Threads(TerminalMonitor):
    """Writes down how many threads compute."""

    def started(self, *arguments):
        super().started(*arguments)
        self.seen = torch.get_num_threads()


@pytest.mark.parametrize(("given", "expected"), [(None, 2), (3, 3)])
def test_a_training_goes_on_with_the_threads_of_its_checkpoint_unless_others_are_given(
    digits, tmp_path, monkeypatch, caplog, given, expected
):
    monkeypatch.setattr("mnist_growth.training.start.available_processors", lambda: 1)
    before, first, second = torch.get_num_threads(), Threads(), Threads()
    run(digits, tmp_path / "first", epochs=1, threads=2, monitors=[first])
    assert "threads as before" not in caplog.text

    run(digits, tmp_path / "second", threads=given, monitors=[second], resume_from=tmp_path / "first")

    assert (first.seen, second.seen, torch.get_num_threads()) == (2, expected, before)
    latest = CheckpointStore(tmp_path / "third", tmp_path / "second").latest()
    assert latest.header["setup"]["threads"] == expected
    assert ("Continuing with 2 threads as before" in caplog.text) == (given is None)


@pytest.mark.parametrize("recorded", [None, "many", 0, 10**9])
def test_a_checkpoint_that_names_no_threads_leaves_the_choice_to_the_machine(recorded):
    checkpoint = Checkpoint(Path("x"), {}, {"setup": {"threads": recorded} if recorded else {}})

    assert _threads_before(checkpoint) is None


def test_a_checkpoint_of_another_training_is_refused_by_name(digits, tmp_path):
    run(digits, tmp_path / "first", epochs=1)

    with pytest.raises(ValueError, match=r"training\.seed was 0 and is 1; training\.weight_decay was 0\.01 and is 0"):
        run(digits, tmp_path / "second", seed=1, weight_decay=0.0, resume_from=tmp_path / "first")

    assert not (tmp_path / "second").exists()


def test_digits_of_another_set_are_refused(digits, tmp_path):
    run(digits, tmp_path / "first", epochs=1)
    others = Digits(digits.images, digits.labels, "sticks", "cd" * 32)

    with pytest.raises(ValueError, match="dataset was 'bars' and is 'sticks'"):
        run(others, tmp_path / "second", resume_from=tmp_path / "first")


def assert_same(first, second):
    (network, history), (other, others) = first, second
    state, expected = network.network.state_dict(), other.network.state_dict()
    assert state.keys() == expected.keys()
    assert [name for name in state if not torch.equal(state[name], expected[name])] == []
    pd.testing.assert_frame_equal(history.drop(columns=MEASURED), others.drop(columns=MEASURED), check_exact=True)


def test_a_training_that_learns_nothing_ends_with_a_warning(digits, tmp_path, caplog):
    run(digits, tmp_path / "slow", epochs=1, learning_rate=1e-9)
    assert "The network has learned nothing: it classifies" in caplog.text
    assert "change training.learning_rate (it is 1e-09)" in caplog.text
    caplog.clear()
    run(digits, tmp_path / "well")
    assert "learned nothing" not in caplog.text
