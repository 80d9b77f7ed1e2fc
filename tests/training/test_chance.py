import pytest
import torch

from mnist_growth.training.chance import accuracy_without_learning


def test_the_most_frequent_class_explains_its_share_and_three_standard_errors():
    labels = torch.tensor([0] * 60 + [1] * 40)
    assert accuracy_without_learning(labels) == pytest.approx(0.6 + 3 * (0.6 * 0.4 / 100) ** 0.5)


def test_one_class_explains_everything():
    assert accuracy_without_learning(torch.zeros(5, dtype=torch.int64)) == 1
