"""The steps of a recipe: what each makes of a small trained network."""

from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError

import configured
from bar_digits import make_digits
from mnist_growth.compression import FineTuner, Recipe, candidate_key, load_teachers, make_candidate
from mnist_growth.compression.sparsity import prunable, sparsity_of
from mnist_growth.digits import stratified_split
from mnist_growth.network import GrowingMLP, TrainedNetwork, save_network
from mnist_growth.training import Machine, Monitors

DIGITS = make_digits()
SPLIT = stratified_split(DIGITS.labels, configured.split(validation_fraction=0.25))


@pytest.fixture(scope="module")
def fine_tuner():
    pruning = {"epochs": 2, "units": {"min_units": 2, "ramp": 0.5}}
    return FineTuner(
        DIGITS,
        SPLIT,
        configured.network(),
        configured.growth(),
        configured.training(batch_size=40, precision="float32", epochs=3),
        configured.warps(),
        configured.compress(epochs=1, calibration_digits=100, pruning=pruning),
        Machine("cpu", 1, 1.0),
        Monitors([]),
    )


@pytest.fixture(scope="module")
def source():
    network = GrowingMLP([16, 12], generator=torch.Generator().manual_seed(0)).eval()
    return TrainedNetwork(
        network=network,
        dataset="bars",
        fingerprint=DIGITS.fingerprint,
        epochs=3,
        split="",
        preparation=DIGITS.preparation,
        class_names=DIGITS.class_names,
    )


def made(source, fine_tuner, **steps):
    return make_candidate(Recipe(name="made", **steps), source, fine_tuner).trained


def matrices(network):
    return [weight for weight in network.parameters() if weight.ndim == 2]


@pytest.mark.parametrize("epochs", [None, 0])
def test_units_leave(source, fine_tuner, epochs):
    found = made(source, fine_tuner, units=0.5, epochs=epochs)
    assert sum(found.network.widths) == 14
    assert found.epochs == (3 if epochs == 0 else 5)
    assert found.source == source.sha256


@pytest.mark.parametrize(("sparsity", "expected"), [(0.8, 0.8), ("2:4", 0.5 * 784 * 16 / (784 * 16 + 16 * 12 + 120))])
def test_pruned_weights_are_exactly_zero(source, fine_tuner, sparsity, expected):
    before = source.sha256
    found = made(source, fine_tuner, sparsity=sparsity)
    assert sparsity_of(found.network) == pytest.approx(expected, abs=1e-4)
    assert found.network.widths == (16, 12)
    assert source.sha256 == before


def test_quantised_weights_keep_the_zeros_of_pruning(source, fine_tuner):
    sparse = made(source, fine_tuner, sparsity=0.8)
    quantised = made(source, fine_tuner, sparsity=0.8, weight_bits=8)
    for old, new in zip(matrices(sparse.network), matrices(quantised.network), strict=True):
        assert bool((new[old == 0] == 0).all())
        assert bool(new[old != 0].any())


def test_a_student_learns_from_random_weights(source, fine_tuner):
    found = made(source, fine_tuner, student=(7, 6, 5))
    assert found.network.widths == (7, 6, 5)
    assert found.epochs == 2  # those of the source are not its own


def test_equal_recipes_give_equal_networks(source, fine_tuner):
    first, second = (made(source, fine_tuner, units=0.5, sparsity=0.5) for _ in range(2))
    assert first.sha256 == second.sha256
    assert all(prunable(first.network))


@pytest.mark.parametrize("step", [{"sparsity": 0.9}, {"student": (8,)}])
def test_steps_that_need_training_are_refused_without_epochs(step):
    with pytest.raises(ValidationError, match="needs training; set 1 or more, or leave out epochs"):
        Recipe(name="untrained", epochs=0, **step)


def test_a_student_learns_from_all_teachers(source, fine_tuner, tmp_path):
    other = replace(source, network=GrowingMLP([9], generator=torch.Generator().manual_seed(5)).eval())
    save_network(tmp_path / "other.safetensors", other)
    teachers = load_teachers([str(tmp_path / "other.safetensors")], source)
    both = replace(fine_tuner, teachers=teachers)
    recipe = Recipe(name="student", student=(7,))
    alone, together = (make_candidate(recipe, source, tuner).trained for tuner in (fine_tuner, both))
    assert alone.sha256 != together.sha256
    assert candidate_key(recipe, source, fine_tuner) != candidate_key(recipe, source, both)


def test_a_teacher_of_other_classes_is_refused_by_name(source, tmp_path):
    letters = replace(source, class_names=tuple("abcdefghij"))
    save_network(tmp_path / "letters.safetensors", letters)
    with pytest.raises(ValueError, match="letters.safetensors knows the classes a, b, c, d, e, f, g, h, i, j, but"):
        load_teachers([str(tmp_path / "letters.safetensors")], source)


def test_units_are_pruned_at_a_learning_rate_of_their_own(source, fine_tuner):
    pruning = fine_tuner.config.pruning
    faster = pruning.model_copy(update={"units": pruning.units.model_copy(update={"learning_rate": 0.01})})
    changed = replace(fine_tuner, config=fine_tuner.config.model_copy(update={"pruning": faster}))
    assert made(source, fine_tuner, units=0.5).sha256 != made(source, changed, units=0.5).sha256
    assert made(source, fine_tuner, sparsity=0.5).sha256 == made(source, changed, sparsity=0.5).sha256
