"""The tasks of continual learning, and the classes that are possible in each of them."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from bar_digits import make_digits
from mnist_growth.studies import continual_tasks
from mnist_growth.studies.continual_tasks import TaskStream, rotated
from mnist_growth.studies.replay_memory import ReplayMemory

DIGITS = make_digits()
ROWS = np.arange(40)


def stream(scenario, tasks=5, seed=0):
    return TaskStream(scenario, tasks, seed, 90.0, DIGITS.class_names)


def test_permuted_tasks_reorder_the_pixels_of_all_images_alike():
    first, second = (stream("permuted").examples(task, DIGITS, ROWS) for task in (0, 1))
    assert np.array_equal(first[0], DIGITS.images[ROWS])
    assert np.array_equal(second[1], DIGITS.labels[ROWS])
    flat = [images.reshape(len(ROWS), -1).astype(int) for images in (first[0], second[0])]
    assert np.array_equal(np.sort(flat[0]), np.sort(flat[1]))
    assert not np.array_equal(flat[0], flat[1])
    # Pixels that are equal in all images before are equal in all images after.
    assert len(np.unique(flat[0], axis=1).T) == len(np.unique(flat[1], axis=1).T)
    again = stream("permuted").examples(1, DIGITS, ROWS[:3])[0]
    assert np.array_equal(again, second[0][:3])
    assert not np.array_equal(stream("permuted", seed=1).examples(1, DIGITS, ROWS[:3])[0], again)
    assert not np.array_equal(stream("permuted").examples(2, DIGITS, ROWS[:3])[0], again)


def test_rotated_tasks_turn_the_images_by_one_step_each():
    second = stream("rotated").examples(1, DIGITS, ROWS)[0]
    third = stream("rotated").examples(2, DIGITS, ROWS)[0]
    original = DIGITS.images[ROWS]
    assert np.array_equal(second, np.rot90(original, axes=(1, 2)))
    assert np.array_equal(third, original[:, ::-1, ::-1])


@pytest.mark.parametrize("degrees", [10.0, 25.0, 180.0])
def test_images_are_rotated_as_scipy_does(monkeypatch, degrees):
    monkeypatch.setattr(continual_tasks, "_CHUNK", 30)
    images = DIGITS.images[:70]
    expected = ndimage.rotate(images, degrees, axes=(2, 1), reshape=False, order=1).astype(int)
    found = rotated(images, degrees)
    assert found.dtype == np.uint8
    assert np.abs(found - expected).max() <= 1  # sums close to one half round differently
    assert (found != expected).mean() < 1e-3


@pytest.mark.parametrize("scenario", ["split_task", "split_domain", "split_class"])
def test_split_tasks_have_successive_classes(scenario):
    rows = stream(scenario).rows(1, DIGITS.labels, np.arange(len(DIGITS)))
    assert set(DIGITS.labels[rows]) == {2, 3}
    assert len(rows) == np.isin(DIGITS.labels, [2, 3]).sum()
    labels = stream(scenario).examples(1, DIGITS, rows)[1]
    expected = DIGITS.labels[rows] - 2 if scenario == "split_domain" else DIGITS.labels[rows]
    assert np.array_equal(labels, expected)
    assert len(stream(scenario).class_names) == (2 if scenario == "split_domain" else 10)


def test_only_the_classes_of_the_task_or_those_seen_so_far_are_possible():
    of_task, of_class = stream("split_task").possible(2), stream("split_class").possible(2)
    assert of_task[3].nonzero().flatten().tolist() == [2, 3]
    assert of_task[8].nonzero().flatten().tolist() == [8, 9]
    assert all(row.nonzero().flatten().tolist() == [0, 1, 2, 3] for row in of_class)
    assert stream("permuted").possible(2) is None
    assert stream("split_task").classes(1).nonzero().flatten().tolist() == [2, 3]
    assert stream("split_class").classes(1).nonzero().flatten().tolist() == [0, 1, 2, 3]
    assert stream("split_domain").classes(1).tolist() == [True, True]


def test_earlier_tasks_have_answered_their_own_classes_or_all():
    assert stream("split_class").answered(1).nonzero().flatten().tolist() == [0, 1]
    assert stream("split_task").answered(2).nonzero().flatten().tolist() == [0, 1, 2, 3]
    assert torch.all(stream("permuted").answered(1))
    assert torch.all(stream("split_domain").answered(1))


@pytest.mark.parametrize("tasks", [3, 10])
def test_classes_that_cannot_be_divided_are_refused(tasks):
    with pytest.raises(ValueError, match=rf"split_class\.tasks' is {tasks}, but 10 classes cannot be divided"):
        stream("split_class", tasks)
    stream("permuted", tasks)


def test_the_memory_has_as_many_images_of_every_class_of_every_task():
    memory, generator = ReplayMemory(24), np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 50)
    memory.add(0, labels, np.arange(150), generator)
    first = memory.of_task(0)
    assert np.bincount(labels[first]).tolist() == [8, 8, 8]

    memory.add(1, labels, np.arange(150), generator)

    assert np.bincount(labels[memory.of_task(0)]).tolist() == [4, 4, 4]
    assert np.bincount(labels[memory.of_task(1)]).tolist() == [4, 4, 4]
    assert set(memory.of_task(0)) < set(first)
    assert set(memory.of_task(0)) != set(memory.of_task(1))


def test_a_memory_without_room_for_every_class_is_refused():
    memory, labels = ReplayMemory(3), np.array([0, 1])
    memory.add(0, labels, np.arange(2), np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"'continual\.replay_images' is 3, but there are 4 classes"):
        memory.add(1, labels, np.arange(2), np.random.default_rng(0))
