import numpy as np
import pytest

from mnist_growth.digits import Digits, DigitSet, fingerprint

IMAGES = np.zeros((3, 28, 28), np.uint8)
LABELS = np.array([0, 5, 9])


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (IMAGES.astype(np.float32), LABELS, r"images of mnist are float32 \[3, 28, 28\], expected uint8"),
        (IMAGES[:, :27], LABELS, r"images of mnist are uint8 \[3, 27, 28\], expected uint8 \[N, 28, 28\]"),
        (IMAGES, LABELS.astype(np.uint8), r"labels of mnist are uint8 \[3\], expected int64"),
        (IMAGES, LABELS[:, None], r"labels of mnist are int64 \[3, 1\]"),
        (IMAGES, LABELS[:2], "3 images and 2 labels, expected as many labels as images"),
        (IMAGES[:0], LABELS[:0], "no images, expected at least one"),
        (IMAGES, LABELS + 1, "label 10, expected labels from 0 to 9"),
        (IMAGES, LABELS - 1, "label -1, expected labels from 0 to 9"),
    ],
)
def test_invalid_arrays_are_rejected(images: np.ndarray, labels: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Digits(images, labels, "mnist", "")


def test_length_is_the_number_of_images() -> None:
    assert len(Digits(IMAGES, LABELS, "mnist", "")) == 3


def test_parts_of_different_datasets_are_rejected(small_set: DigitSet) -> None:
    other = Digits(small_set.test.images, small_set.test.labels, "small", "another fingerprint")
    with pytest.raises(ValueError, match="expected parts of the same data set"):
        DigitSet(small_set.train, other, "small", "small", "", {})


def test_fingerprint_depends_on_every_array_and_on_the_split() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5000, 28, 28), np.uint8)
    labels = np.arange(5000) % 10

    def split_at(images: np.ndarray, labels: np.ndarray, place: int) -> str:
        return fingerprint(images[:place], labels[:place], images[place:], labels[place:])

    changed_images, changed_labels = images.copy(), labels.copy()
    changed_images[4500, 3, 3] ^= 1
    changed_labels[0] = 1
    variants = [
        split_at(images, labels, 4500),
        split_at(images, labels, 4501),
        split_at(changed_images, labels, 4500),
        split_at(images, changed_labels, 4500),
    ]
    assert len(set(variants)) == 4
    assert fingerprint(images[::2], labels[::2], images[1::2], labels[1::2]) == fingerprint(
        images[::2].copy(), labels[::2].copy(), images[1::2].copy(), labels[1::2].copy()
    )


def test_fingerprint_does_not_depend_on_byte_order() -> None:
    images, labels = np.ones((2, 28, 28), np.uint8), np.array([1, 2])
    swapped = labels.astype(">i8")
    assert fingerprint(images, labels, images, labels) == fingerprint(images, swapped, images, swapped)
