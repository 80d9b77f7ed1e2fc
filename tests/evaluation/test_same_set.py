import numpy as np
import pytest

from mnist_growth.digits.digits import Digits
from mnist_growth.evaluation import check_same_set


@pytest.fixture
def mnist() -> Digits:
    return Digits(
        images=np.zeros((1, 28, 28), dtype=np.uint8), labels=np.zeros(1, dtype=np.int64), dataset="mnist",
        fingerprint="a" * 64,
    )  # fmt: skip


def test_digits_of_the_training_dataset_are_accepted(mnist):
    check_same_set("mnist", "a" * 64, mnist)


def test_error_names_a_different_dataset(mnist):
    with pytest.raises(
        ValueError,
        match=r"trained on 'sample', but the test digits are from 'mnist': .*--load-versions network:<version>",
    ):
        check_same_set("sample", "b" * 64, mnist)


def test_error_names_a_different_fingerprint(mnist):
    with pytest.raises(ValueError, match=r"'mnist' with the fingerprint bbbbbbbbbbbb, .* aaaaaaaaaaaa"):
        check_same_set("mnist", "b" * 64, mnist)
