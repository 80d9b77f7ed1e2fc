"""A loss over the possible classes only."""

import pytest
import torch
import torch.nn.functional as F

from mnist_growth.learning import CrossEntropy, KnownClasses, known_classes_factory
from mnist_growth.network import GrowingMLP

LOGITS = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
LABELS, IMAGES = torch.tensor([0, 3, 2]), torch.zeros(3, 28, 28)
PAIRS = torch.tensor([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]).bool()


def make():
    return GrowingMLP([4], classes=4, batch_norm=False, generator=torch.Generator().manual_seed(1)).double()


def test_loss_and_gradient_are_those_of_the_task_of_each_image():
    loss, gradient = KnownClasses(CrossEntropy(make()), PAIRS)(LOGITS, LABELS, IMAGES)

    expected, gradients = 0.0, torch.zeros(3, 4, dtype=torch.float64)
    for row, (label, pair) in enumerate([(0, slice(0, 2)), (1, slice(2, 4)), (0, slice(2, 4))]):
        logits = LOGITS[row, pair].clone().requires_grad_()
        each = F.cross_entropy(logits[None], torch.tensor([label]))
        expected += each.item()
        (gradients[row, pair],) = torch.autograd.grad(each, logits)
    assert float(loss) == pytest.approx(expected, rel=1e-12)
    assert torch.allclose(gradient, gradients, atol=1e-14)
    assert not gradient[0, 2:].any()


def test_smoothed_labels_are_refused():
    with pytest.raises(ValueError, match=r"'training\.label_smoothing' is 0\.1, but not all classes are possible"):
        known_classes_factory(PAIRS)(make().train(), None, 0.1)
