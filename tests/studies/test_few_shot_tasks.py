"""Few-shot tasks: which images and classes they have."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import configured
from mnist_growth.digits import Digits
from mnist_growth.studies.meta import ClassSplit
from mnist_growth.studies.tasks import Tasks, TaskSampler, only_classes

COUNT = 240
CPU = torch.device("cpu")


def numbered_digits():
    """Digits whose images are empty except that the first two pixels have their number and the third their class."""
    labels = np.arange(COUNT, dtype=np.int64) % 10
    images = np.zeros((COUNT, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1], images[:, 0, 2] = np.arange(COUNT) // 256, np.arange(COUNT) % 256, labels
    return Digits(images, labels, "numbered", "ab" * 32)


DIGITS = numbered_digits()


def numbers(images):
    """The numbers of images, in a flat list."""
    corner = images.reshape(-1, 28, 28)[:, 0].long()
    return (256 * corner[:, 0] + corner[:, 1]).tolist()


def classes_of(images):
    return images[..., 0, 2].long()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 99),
    ways=st.integers(2, 3),
    shots=st.integers(1, 5),
    queries=st.integers(1, 10),
    new=st.sampled_from(["test", "validation"]),
)
def test_tasks_have_no_base_class_and_no_image_twice(seed, ways, shots, queries, new):
    split = ClassSplit.of(10, configured.meta(ways=ways, new_classes=new), seed)
    rows = np.arange(0, COUNT, dtype=np.int64)[seed % 3 :]
    digits = only_classes(DIGITS, rows, split.new)

    sampler = TaskSampler(digits, np.arange(len(digits)), ways, CPU, np.random.default_rng(seed))
    tasks = sampler.sample(4, shots, queries)

    assert not set(split.base) & set(split.new)
    assert len(split.new) == ways
    assert set(classes_of(tasks.support).flatten().tolist()) <= set(split.new)
    for support, query in zip(tasks.support, tasks.queries, strict=True):
        used = numbers(support) + numbers(query)
        assert len(used) == len(set(used)) == ways * (shots + queries)
        assert set(used) <= set(rows.tolist())
        by_class = classes_of(support).reshape(ways, shots)
        assert torch.equal(by_class[:, :1].expand(-1, queries), classes_of(query).reshape(ways, queries))
        assert len(set(by_class[:, 0].tolist())) == ways
        assert torch.equal(by_class, by_class[:, :1].expand(-1, shots))
    assert tasks.support_labels.tolist() == np.repeat(np.arange(ways), shots).tolist()


def test_the_new_classes_rotate_and_those_of_the_test_have_no_part_in_validation():
    test, validation = (configured.meta(ways=3, new_classes=part) for part in ("test", "validation"))

    counts = np.bincount([each for seed in range(10) for each in ClassSplit.of(10, test, seed).new])

    assert counts.tolist() == [3] * 10
    for seed in range(10):
        found, checked = ClassSplit.of(10, test, seed), ClassSplit.of(10, validation, seed)
        assert sorted((*found.base, *found.new)) == list(range(10))
        assert set(checked.new) | set(checked.base) == set(found.base)
        assert len(checked.base) == 4


def test_turned_base_classes_are_classes_of_their_own():
    digits = only_classes(DIGITS, np.arange(30), (7, 2), (0, 1))

    assert digits.class_names == ("7", "2", "7 turned by 90 degrees", "2 turned by 90 degrees")
    assert digits.labels.tolist() == [1, 0] * 3 + [3, 2] * 3
    assert np.array_equal(digits.images[6:], np.rot90(digits.images[:6], axes=(1, 2)))
    assert classes_of(torch.from_numpy(digits.images[:6])).tolist() == [2, 7] * 3


def test_tasks_that_need_more_than_there_is_are_refused():
    digits = only_classes(DIGITS, np.arange(COUNT), (0, 1, 2))
    sampler = TaskSampler(digits, np.arange(len(digits)), 3, CPU, np.random.default_rng(0))

    with pytest.raises(ValueError, match=r"needs 25 images of each class, but one class has 24; set fewer"):
        sampler.sample(1, 5, 20)
    with pytest.raises(ValueError, match=r"has 4 classes, but there are only 3"):
        TaskSampler(digits, np.arange(len(digits)), 4, CPU, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"'meta\.ways' is 6, which leaves 4 of 10 classes"):
        ClassSplit.of(10, configured.meta(ways=6), 0)
    with pytest.raises(ValidationError, match=r"'meta\.shots' is \[1, 1\]; expected each entry only once"):
        configured.meta(shots=[1, 1])


def test_chunks_are_all_tasks_in_order():
    tasks = Tasks(torch.arange(10).reshape(5, 2), torch.arange(15).reshape(5, 3), ways=1)

    chunks = tasks.chunks(2)

    assert [len(chunk) for chunk in chunks] == [2, 2, 1]
    assert torch.equal(torch.cat([chunk.queries for chunk in chunks]), tasks.queries)
