"""The margin loss."""

import re

import pytest
import torch
from pydantic import ValidationError

import configured
from mnist_growth.digits import PixelStatistics
from mnist_growth.learning import Autograd, Backprop, MarginLoss, objective_factory
from mnist_growth.network import MLPSpec, build

IMAGES = torch.zeros(1, 28, 28)
PIXELS = PixelStatistics(0.13, 0.31, count=1)


def paper(logits, label):
    """Equation 4 for one image, written naively."""
    total = 0.0
    for index, logit in enumerate(logits):
        length = 1 / (1 + torch.exp(-logit))
        if index == label:
            total += max(0.0, 0.9 - length) ** 2
        else:
            total += 0.5 * max(0.0, length - 0.1) ** 2
    return total


def test_the_loss_is_that_of_the_paper_and_its_gradient_that_of_finite_differences():
    logits = 3 * torch.randn(40, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(40) % 4
    given = logits.clone()
    loss, gradient = MarginLoss()(logits, labels, IMAGES)
    assert torch.equal(logits, given)
    expected = sum(paper(row, label) for row, label in zip(logits, labels, strict=True))
    assert float(loss) == pytest.approx(float(expected), rel=1e-12)
    step = 1e-6
    for row in range(40):
        for column in range(4):
            moved = [logits[row].clone() for _ in range(2)]
            moved[0][column] -= step
            moved[1][column] += step
            below, above = (float(paper(each, labels[row])) for each in moved)
            assert float(gradient[row, column]) == pytest.approx((above - below) / (2 * step), abs=1e-8)


def test_answers_within_the_margins_cost_nothing():
    logits = torch.logit(torch.tensor([[0.95, 0.05, 0.09], [0.05, 0.91, 0.01]]))
    loss, gradient = MarginLoss()(logits, torch.tensor([0, 1]), IMAGES)
    assert float(loss) == 0
    assert not gradient.any()


@pytest.mark.parametrize(("name", "loss"), [("cross_entropy", None), ("margin", MarginLoss())])
def test_the_name_chooses_the_loss_of_the_fastest_objective(name, loss):
    network = build(MLPSpec(hidden_widths=(5,), batch_norm=False), PIXELS)
    objective = objective_factory(name)(network, None, 0.0)
    assert isinstance(objective, Backprop)
    images, labels = torch.full((3, 28, 28), 99.0), torch.tensor([1, 2, 3])
    objective.begin()
    found = objective.add(images, labels).loss_sum
    reference = Autograd(network, loss=loss)
    reference.begin()
    assert float(found) == pytest.approx(float(reference.add(images, labels).loss_sum), rel=1e-5)


def test_it_does_not_smooth_labels():
    sentence = re.escape("'training.label_smoothing' is 0.1, but 'training.loss' is 'margin'")
    with pytest.raises(ValidationError, match=sentence):
        configured.training(loss="margin", label_smoothing=0.1)
