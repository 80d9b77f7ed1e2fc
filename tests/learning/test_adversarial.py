"""Training on adversarial examples."""

import copy

import pytest
import torch
import torch.nn.functional as F

from mnist_growth.learning import Adversarial, AdversarialConfig, Autograd, Backprop, adversarial_factory, objective_for
from mnist_growth.network import GrowingMLP, evaluation_mode

IMAGES = torch.randint(0, 256, (12, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 10, (12,), generator=torch.Generator().manual_seed(1))


def make(batch_norm=True, dtype=torch.float64):
    """A network in training mode whose running statistics differ from those of a batch."""
    network = GrowingMLP((9, 7), batch_norm=batch_norm, generator=torch.Generator().manual_seed(3)).to(dtype).train()
    with torch.no_grad():
        network(IMAGES[:6])
    return network


def attack(epsilon=0.1, steps=1, step_size=0.1, clean_share=0.0):
    return AdversarialConfig(epsilon=epsilon, steps=steps, step_size=step_size, clean_share=clean_share)


def adversarial(network, kind=Backprop, seed=5, **changes):
    objective = Adversarial(kind(network), attack(**changes), torch.Generator().manual_seed(seed))
    objective.begin()
    return objective


def loss_of(network, images):
    with evaluation_mode(network), torch.no_grad():
        return F.cross_entropy(network(images), LABELS, reduction="none")


@pytest.mark.parametrize("kind", [Backprop, Autograd])
@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_input_gradients_are_those_of_the_network_in_evaluation_mode(kind, batch_norm, smoothing):
    network = make(batch_norm)
    reference = copy.deepcopy(network).eval()
    pixels = IMAGES.double().requires_grad_()
    loss = F.cross_entropy(reference(pixels), LABELS, reduction="sum", label_smoothing=smoothing)
    (expected,) = torch.autograd.grad(loss, pixels)
    state = copy.deepcopy(network.state_dict())
    objective = kind(network, label_smoothing=smoothing)
    objective.begin()
    objective.add(IMAGES, LABELS)
    network.load_state_dict(state)
    gradients = [parameter.grad.clone() for parameter in network.parameters()]

    found = objective.input_gradient(IMAGES.double(), LABELS)

    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-15)
    assert network.training
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
    assert all(torch.equal(parameter.grad, old) for parameter, old in zip(network.parameters(), gradients, strict=True))


def test_in_bfloat16_most_signs_of_the_input_gradient_are_right():
    network = make(dtype=torch.float32)
    exact, low = Backprop(network), Backprop(network, torch.bfloat16)
    for objective in (exact, low):
        objective.begin()
    images = IMAGES.float()
    equal = exact.input_gradient(images, LABELS).sign() == low.input_gradient(images, LABELS).sign()
    assert equal.float().mean() > 0.95


@pytest.mark.parametrize("kind", [Backprop, Autograd])
def test_an_attack_is_projected_gradient_ascent_from_a_random_start(kind):
    network = make()
    images = IMAGES.double()
    start = torch.empty_like(images).uniform_(-25.5, 25.5, generator=torch.Generator().manual_seed(5))
    expected = (images + start).clamp(0, 255)
    for _ in range(3):
        pixels = expected.clone().requires_grad_()
        with evaluation_mode(network):
            (gradient,) = torch.autograd.grad(F.cross_entropy(network(pixels), LABELS, reduction="sum"), pixels)
        moved = expected + 0.05 * 255 * gradient.sign()
        expected = (images + (moved - images).clamp(-25.5, 25.5)).clamp(0, 255)

    found = adversarial(network, kind, steps=3, step_size=0.05).perturbed(images, LABELS)

    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


def test_adversarial_examples_raise_the_loss_within_epsilon_and_leave_the_images():
    network, before = make(), IMAGES.clone()
    found = adversarial(network, steps=10, step_size=0.02).perturbed(IMAGES, LABELS)
    assert (found - IMAGES).abs().max() <= 25.5 + 1e-4
    assert found.min() >= 0
    assert found.max() <= 255
    assert (loss_of(network, found) > loss_of(network, IMAGES)).all()
    assert torch.equal(IMAGES, before)


def test_more_steps_raise_the_loss():
    network = make()
    one, ten = (adversarial(network, steps=steps, step_size=0.02).perturbed(IMAGES, LABELS) for steps in (1, 10))
    assert loss_of(network, ten).sum() > loss_of(network, one).sum()


def test_the_clean_share_is_not_attacked():
    found = adversarial(make(), clean_share=0.5).perturbed(IMAGES, LABELS)
    assert torch.equal(found[:6], IMAGES[:6].float())
    assert ((found[6:] - IMAGES[6:]).abs().amax((1, 2)) > 20).all()


@pytest.mark.parametrize("kind", [Backprop, Autograd])
def test_the_gradients_are_those_of_the_adversarial_examples(kind):
    network, plain = make(), make()
    objective = adversarial(network, kind)
    examples = adversarial(make(), kind).perturbed(IMAGES, LABELS)
    reference = Backprop(plain)
    reference.begin()
    expected = reference.add(examples, LABELS, 0.5)

    found = objective.add(IMAGES, LABELS, 0.5)
    objective.finish()

    assert float(found.loss_sum) == pytest.approx(float(expected.loss_sum), rel=1e-6)
    for mine, other in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-5, atol=1e-8)


def test_starts_differ_from_update_to_update_and_are_those_of_the_generator():
    first, second = adversarial(make()), adversarial(make())
    images = [first.perturbed(IMAGES, LABELS), first.perturbed(IMAGES, LABELS), second.perturbed(IMAGES, LABELS)]
    assert not torch.equal(images[0], images[1])
    assert torch.equal(images[0], images[2])


def test_without_a_radius_the_objective_is_the_given_one():
    generator = torch.Generator()
    assert adversarial_factory(objective_for, attack(epsilon=0.0), generator) is objective_for
    wrapped = adversarial_factory(objective_for, attack(), generator)(make(), None, 0.0)
    assert isinstance(wrapped, Adversarial)
    assert isinstance(wrapped.objective, Backprop)
