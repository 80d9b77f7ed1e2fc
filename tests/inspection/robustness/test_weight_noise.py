"""Noise on weights, and gradient lengths of images."""

import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from mnist_growth.inspection.robustness import (
    WeightPart,
    input_gradient_lengths,
    logits_of,
    weight_parts,
    weight_sensitivity,
)
from mnist_growth.network import GrowingMLP

EVENTS = pd.DataFrame(
    {"epoch": [3, 3, 5], "layer": [1, 2, 1], "width_before": [40, 48, 56], "width_after": [56, 48, 64]}
)


def test_parts_are_all_layers_and_the_incoming_weights_of_each_cohort(attacked_network):
    events = EVENTS[EVENTS["layer"] == 1]
    parts = weight_parts(attacked_network, events)
    assert [part.layer for part in parts if part.part == "layer"] == ["hidden.0.linear", "hidden.1.linear", "output"]
    of_units = [part for part in parts if part.part == "cohort"]
    assert [(part.layer, part.born_epoch, part.units) for part in of_units] == [
        ("hidden.0", 1, 40),
        ("hidden.0", 3, 16),
        ("hidden.0", 5, 8),
        ("hidden.1", 1, 48),
    ]
    weight = attacked_network.hidden[0].linear.weight
    sizes = [weight[part.slices["hidden.0.linear.weight"]].shape[0] for part in of_units[:3]]
    assert sizes == [40, 16, 8]


def test_without_noise_accuracy_and_loss_are_those_of_the_network(attacked_network, pixels, labels):
    images = (255 * pixels).to(torch.uint8)
    [part, *_] = weight_parts(attacked_network, pd.DataFrame(columns=EVENTS.columns))
    found = list(weight_sensitivity(attacked_network, part, images, labels, noise=0.0, repeats=2, seed=0))
    with torch.no_grad():
        logits = attacked_network(images)
    assert found[0] == found[1]
    assert found[0] == pytest.approx(
        (float((logits.argmax(1) == labels).double().mean()), float(F.cross_entropy(logits, labels))), rel=1e-5
    )


def test_noise_has_the_deviation_that_it_says_and_only_on_its_part():
    """The output of a network that is linear in its last layer has a known variance."""
    network = GrowingMLP((50,), batch_norm=False, generator=torch.Generator().manual_seed(0)).eval()
    images = torch.randint(0, 256, (1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        hidden = torch.relu(network.hidden[0].linear(network.normalised(images)))[0]
        before = network(images)[0]
    weight = network.output.weight.detach()
    part = WeightPart("layer", "output", 0, 0, {"output.weight": (slice(0, 1),)})
    losses = [
        loss
        for _, loss in weight_sensitivity(network, part, images, torch.tensor([0]), noise=0.5, repeats=1500, seed=0)
    ]
    # From the loss follows the logit of class 0, the only one that changes.
    others = torch.logsumexp(before[1:].double(), 0)
    changed = others - torch.log(torch.expm1(torch.tensor(losses, dtype=torch.float64)))
    expected = 0.5 * weight[:1].square().mean().sqrt() * hidden.norm()
    assert float(changed.std()) == pytest.approx(float(expected), rel=0.08)
    assert float(changed.mean()) == pytest.approx(float(before[0]), abs=0.1 * float(expected) + 1e-3)


def test_more_noise_costs_accuracy_and_the_network_is_not_changed(attacked_network, pixels, labels, unchanged):
    images = (255 * pixels).to(torch.uint8)
    [part, *_] = weight_parts(attacked_network, pd.DataFrame(columns=EVENTS.columns))

    def accuracy(noise):
        draws = weight_sensitivity(attacked_network, part, images, labels, noise=noise, repeats=3, seed=0)
        return sum(share for share, _ in draws)

    with unchanged(attacked_network, images.numpy(), labels.numpy()):
        accuracies = [accuracy(noise) for noise in (0.1, 1.0, 4.0)]
    assert accuracies[0] > accuracies[1] > accuracies[2]


def test_gradient_lengths_are_those_of_the_cross_entropy(attacked_network, pixels, labels):
    reference = attacked_network.double()
    try:
        inputs = pixels[:30].double().requires_grad_()
        loss = F.cross_entropy(reference(inputs * 255), labels[:30], reduction="sum")
        (gradient,) = torch.autograd.grad(loss, inputs)
    finally:
        attacked_network.float()
    with logits_of(attacked_network) as logits:
        found = input_gradient_lengths(logits, pixels[:30], labels[:30])
    torch.testing.assert_close(found.double(), gradient.flatten(1).norm(dim=1), rtol=1e-3, atol=1e-6)
