import numpy as np
import pytest

from mnist_growth.evaluation import accuracy_without_learning


def test_the_most_frequent_class_explains_its_share_and_three_standard_errors():
    labels = np.array([0] * 60 + [1] * 40)
    assert accuracy_without_learning(labels) == pytest.approx(0.6 + 3 * (0.6 * 0.4 / 100) ** 0.5)


def test_one_class_explains_everything():
    assert accuracy_without_learning(np.zeros(5, np.int64)) == 1
