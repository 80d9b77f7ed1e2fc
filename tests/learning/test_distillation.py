"""A student's loss and gradients are those of the definition of distillation."""

import copy

import pytest
import torch
import torch.nn.functional as F

from mnist_growth.learning import (
    Autograd,
    Backprop,
    CrossEntropy,
    DistillationConfig,
    DistillationLoss,
    distillation_factory,
)
from mnist_growth.network import GrowingMLP

IMAGES = torch.randint(0, 256, (12, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 10, (12,), generator=torch.Generator().manual_seed(1))


def make(widths, seed, scale=1.0, classes=10):
    network = GrowingMLP(widths, classes=classes, generator=torch.Generator().manual_seed(seed)).double()
    with torch.no_grad():
        network.output.weight.mul_(scale)
    return network


def teachers():
    """Confident teachers that disagree, in evaluation mode."""
    return [make([8], 1, 20.0).eval(), make([5, 6], 2, 20.0).eval()]


def definition(student, masters, weight, temperature, smoothing=0.0):
    """(1 - a) CE + a T^2 KL, summed over the images."""
    logits = student(IMAGES)
    targets = torch.stack([torch.softmax(master(IMAGES) / temperature, 1) for master in masters]).mean(0).detach()
    hard = F.cross_entropy(logits, LABELS, reduction="sum", label_smoothing=smoothing)
    soft = F.kl_div(F.log_softmax(logits / temperature, 1), targets, reduction="sum")
    return (1 - weight) * hard + weight * temperature**2 * soft


@pytest.mark.parametrize("kind", [Backprop, Autograd])
@pytest.mark.parametrize(("weight", "temperature", "smoothing"), [(1.0, 1.0, 0.0), (0.7, 3.0, 0.0), (0.4, 0.5, 0.1)])
def test_loss_and_gradients_are_those_of_the_definition(kind, weight, temperature, smoothing):
    ours, masters = make([7, 6], 3).train(), teachers()
    theirs = copy.deepcopy(ours)
    expected = definition(theirs, masters, weight, temperature, smoothing)
    (expected / 12).backward()
    config = DistillationConfig(weight=weight, temperature=temperature)
    objective = kind(ours, loss=DistillationLoss(masters, config, CrossEntropy(ours, smoothing)))

    objective.begin()
    result = objective.add(IMAGES, LABELS)
    objective.finish()

    assert float(result.loss_sum) == pytest.approx(expected.item(), rel=1e-10)
    for (name, mine), (_, other) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-9, atol=1e-12, msg=name)


def test_at_high_temperature_the_gradient_is_that_of_matching_logits():
    """Hinton et al. (2015), equation 4, for the loss with its factor T^2: (z - v) / C for logits of mean zero."""
    student, master = make([7], 3, 20.0).eval(), make([8], 1, 20.0).eval()
    logits, wanted = (network(IMAGES).detach() for network in (student, master))
    config = DistillationConfig(weight=1.0, temperature=100.0)
    _, gradient = DistillationLoss([master], config, CrossEntropy(student))(logits, LABELS, IMAGES)
    centred = (logits - logits.mean(1, keepdim=True)) - (wanted - wanted.mean(1, keepdim=True))
    assert (gradient - centred / 10).norm() < 0.05 * gradient.norm()


def test_the_factory_makes_the_fast_objective_and_leaves_the_teachers_as_they_are():
    masters = teachers()
    before = [copy.deepcopy(master.state_dict()) for master in masters]
    student = make([7], 3).train()
    config = DistillationConfig(weight=0.7, temperature=3.0)
    objective = distillation_factory(masters, config)(student, None, 0.1)
    objective.begin()
    result = objective.add(IMAGES, LABELS)
    assert isinstance(objective, Backprop)
    expected = definition(copy.deepcopy(student), masters, 0.7, 3.0, 0.1)
    assert float(result.loss_sum) == pytest.approx(expected.item(), rel=1e-10)
    for master, state in zip(masters, before, strict=True):
        assert all(torch.equal(tensor, state[name]) for name, tensor in master.state_dict().items())
        assert all(parameter.grad is None for parameter in master.parameters())


def test_a_teacher_of_other_classes_is_refused():
    factory = distillation_factory([make([4], 1, classes=7)], DistillationConfig(weight=1.0, temperature=1.0))
    with pytest.raises(ValueError, match="The teacher knows 7 classes and the network 10"):
        factory(make([4], 2).train(), None, 0.0)
