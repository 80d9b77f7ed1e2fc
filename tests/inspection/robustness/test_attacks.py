"""Attacks against foolbox, closed forms and their own settings."""

import dataclasses
import warnings

import pytest
import torch
import torch.nn.functional as F

from mnist_growth.inspection.robustness import Attack, fgsm, logits_of, norms, pgd
from mnist_growth.inspection.robustness.attacks import random_start
from mnist_growth.inspection.robustness.margins import gradient, wrong_odds
from mnist_growth.network import GrowingMLP

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # foolbox imports what SciPy is going to take away
    import foolbox

LINF = Attack(norm="linf", epsilon=0.08, steps=15, step_size=0.01, restarts=1, seed=0)
L2 = Attack(norm="l2", epsilon=1.0, steps=15, step_size=0.15, restarts=1, seed=0)


@pytest.fixture(scope="module")
def logits(attacked_network):
    with logits_of(attacked_network) as function:
        yield function


def accuracy(logits, images, labels):
    with torch.no_grad():
        return float((logits(images).argmax(1) == labels).float().mean())


class From0To1(torch.nn.Module):
    """Takes images [N, 1, 28, 28] from 0 to 1, as foolbox gives them."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        return self.network(images[:, 0] * 255)


def referee(network, attack, pixels, labels, epsilon):
    """Accuracy under an attack of foolbox."""
    model = foolbox.PyTorchModel(From0To1(network).eval(), bounds=(0, 1), device="cpu")
    _, _, success = attack(model, pixels[:, None], labels, epsilons=epsilon)
    return 1 - float(success.float().mean())


def test_logits_are_those_of_the_network(logits, attacked_network, pixels):
    expected = attacked_network(pixels * 255)
    torch.testing.assert_close(logits(pixels), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("epsilon", [0.02, 0.05, 0.1])
def test_fgsm_has_the_accuracy_of_foolbox(logits, attacked_network, pixels, labels, epsilon):
    expected = referee(attacked_network, foolbox.attacks.FGSM(random_start=False), pixels, labels, epsilon)
    found = accuracy(logits, fgsm(logits, pixels, labels, epsilon), labels)
    assert 0 < expected < 0.95
    assert found == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize("attack", [LINF, L2], ids=["linf", "l2"])
def test_pgd_has_the_accuracy_of_foolbox(logits, attacked_network, pixels, labels, attack):
    kind = foolbox.attacks.LinfPGD if attack.norm == "linf" else foolbox.attacks.L2PGD
    theirs = kind(abs_stepsize=attack.step_size, steps=attack.steps, random_start=False)
    expected = referee(attacked_network, theirs, pixels, labels, attack.epsilon)
    _, fooled = pgd(logits, pixels, labels, attack)
    assert 0.05 < expected < 0.9
    assert 1 - float(fooled.float().mean()) == pytest.approx(expected, abs=0.002)


def test_fgsm_is_the_documented_formula_and_the_sign_of_zero_is_zero(linear):
    function = linear(classes=3)
    function.weight[:, :100] = 0
    images = torch.full((2, 28, 28), 0.5, dtype=torch.float64)
    images[:, 20:] = 0.98
    labels = torch.tensor([0, 2])
    inputs = images.clone().requires_grad_()
    (ascent,) = torch.autograd.grad(F.cross_entropy(function(inputs), labels, reduction="sum"), inputs)
    found = fgsm(function, images, labels, 0.1)
    torch.testing.assert_close(found, (images + 0.1 * ascent.sign()).clamp(0, 1))
    assert torch.equal(found.flatten(1)[:, :100], images.flatten(1)[:, :100])
    assert float(found.max()) == 1


def test_a_certain_answer_still_has_a_gradient():
    """The cross-entropy itself has none in float32: its probability of the label is rounded to 1."""
    certain = torch.tensor([[60.0, 0.0, -5.0]], requires_grad=True)
    (plain,) = torch.autograd.grad(F.cross_entropy(certain, torch.tensor([0])), certain)
    assert plain[0, 0] == 0
    (odds,) = torch.autograd.grad(wrong_odds(certain, torch.tensor([0])).sum(), certain)
    torch.testing.assert_close(odds[0, :2], torch.tensor([-1.0, 1.0]), atol=0.01, rtol=0)


def test_the_odds_have_the_direction_of_the_cross_entropy(logits, pixels, labels):
    inputs = pixels[:20].clone().requires_grad_()
    (expected,) = torch.autograd.grad(F.cross_entropy(logits(inputs).double(), labels[:20], reduction="sum"), inputs)
    found, _ = gradient(logits, pixels[:20], labels[:20], wrong_odds)
    assert F.cosine_similarity(found.flatten(1), expected.flatten(1)).min() > 1 - 1e-4


@pytest.mark.parametrize("attack", [LINF, L2], ids=["linf", "l2"])
def test_examples_are_within_epsilon_and_the_pixel_range_and_fool(logits, pixels, labels, attack):
    attack = dataclasses.replace(attack, restarts=3)
    examples, fooled = pgd(logits, pixels, labels, attack)
    assert norms(examples - pixels, attack.norm).max() <= attack.epsilon * (1 + 1e-5)
    assert examples.min() >= 0
    assert examples.max() <= 1
    with torch.no_grad():
        assert (logits(examples).argmax(1)[fooled] != labels[fooled]).all()
    assert torch.equal(examples[~fooled], pixels[~fooled])


@pytest.mark.parametrize("attack", [LINF, L2], ids=["linf", "l2"])
def test_more_steps_and_restarts_fool_the_same_digits_and_more(logits, pixels, labels, attack):
    one, more_steps, more_starts = (
        pgd(logits, pixels, labels, dataclasses.replace(attack, **change))[1]
        for change in ({"steps": 2}, {"steps": 8}, {"steps": 2, "restarts": 4})
    )
    assert more_steps[one].all()
    assert more_starts[one].all()
    assert more_steps.sum() > one.sum()
    assert more_starts.sum() > one.sum()


def test_a_mistake_needs_no_step(logits, pixels, labels):
    wrong = (labels + 1) % 10
    examples, fooled = pgd(logits, pixels, wrong, dataclasses.replace(LINF, steps=1))
    with torch.no_grad():
        already = logits(pixels).argmax(1) != wrong
    assert already.any()
    assert fooled[already].all()
    assert torch.equal(examples[already], pixels[already])


def test_the_best_step_of_each_norm_reaches_a_linear_boundary_and_no_less(linear):
    function = linear(classes=2)
    images = torch.full((1, 28, 28), 0.5, dtype=torch.float64)
    normal = function.weight[1] - function.weight[0]
    label = torch.tensor([int(function(images).argmax())])
    gap = float((function(images)[0, label] - function(images)[0, 1 - label]).abs())
    for norm, dual in (("linf", normal.abs().sum()), ("l2", normal.norm())):
        needed = gap / float(dual)
        for factor, expected in ((0.99, False), (1.01, True)):
            attack = Attack(norm, factor * needed, steps=40, step_size=needed / 10, restarts=1, seed=0)
            assert bool(pgd(function, images, label, attack)[1]) is expected


def test_random_starts_are_uniform_within_epsilon():
    images = torch.full((400, 28, 28), 0.5)
    for norm in ("linf", "l2"):
        attack = Attack(norm, 0.2, 1, 0.1, 1, 0)
        change = random_start(images, attack, torch.Generator().manual_seed(0)) - 0.5
        sizes = norms(change, norm)
        assert sizes.max() <= 0.2 + 1e-6
        assert sizes.min() > 0.19
        assert abs(float(change.mean())) < 0.001


def test_the_network_is_not_changed(attacked_network, pixels, labels, unchanged):
    network = GrowingMLP((8,), generator=torch.Generator().manual_seed(0)).train()
    for each in (network, attacked_network):
        with unchanged(each, pixels.numpy(), labels.numpy()), logits_of(each) as function:
            fgsm(function, pixels[:5], labels[:5], 0.1)
            pgd(function, pixels[:5], labels[:5], dataclasses.replace(LINF, restarts=2))
