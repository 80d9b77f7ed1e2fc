"""Elastic weight consolidation adds the gradient of its quadratic penalty."""

import pytest
import torch

from mnist_growth.growth import widen, zero_fan_out
from mnist_growth.learning import Anchor, Backprop, Penalised, objective_for, penalised_factory
from mnist_growth.network import GrowingMLP

IMAGES = torch.randint(0, 256, (6, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 0, 1, 2])


def make(seed, widths=(4,)):
    generator = torch.Generator().manual_seed(seed)
    return GrowingMLP(widths, classes=3, batch_norm=False, generator=generator).double()


def random_importance(network, seed):
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(parameter.shape, generator=generator, dtype=torch.float64)
        for name, parameter in network.named_parameters()
    }


def value(anchor, weights):
    return sum(
        (anchor.importance[name] * (weights[name] - centre).square()).sum() for name, centre in anchor.centre.items()
    )


def test_the_gradient_is_that_of_loss_plus_half_lambda_times_the_weighted_squares():
    network, earlier = make(1).train(), make(2)
    anchor = Anchor.at(earlier, random_importance(earlier, 3))
    objective = penalised_factory(objective_for, anchor, 7.0)(network, None, 0.0)

    objective.begin()
    for half in (slice(0, 2), slice(2, 6)):
        objective.add(IMAGES[half], LABELS[half], len(LABELS[half]) / 6)
    objective.finish()

    ours = {name: parameter.grad.clone() for name, parameter in network.named_parameters()}
    weights = dict(network.named_parameters())
    loss = torch.nn.functional.cross_entropy(network(IMAGES), LABELS) + 7.0 / 2 * value(anchor, weights)
    expected = torch.autograd.grad(loss, weights.values())
    assert all(torch.allclose(ours[name], found, atol=1e-12) for name, found in zip(weights, expected, strict=True))


def test_a_single_weight_by_hand():
    network = make(1)
    anchor = Anchor({"output.bias": torch.tensor([2.0, 0, 0]).double()}, {"output.bias": torch.ones(3).double()})
    objective = Penalised(Backprop(network.train()), network, anchor, strength=10.0)
    plain = Backprop(network)
    gradients = []
    for each in (plain, objective):
        each.begin()
        each.add(IMAGES, LABELS)
        each.finish()
        gradients.append(network.output.bias.grad.clone())
    # lambda F (theta - centre) = 10 * 2 * (0 - 1), as the bias of a new network is 0.
    assert (gradients[1] - gradients[0]).tolist() == pytest.approx([-20, 0, 0], abs=1e-12)


def test_the_sum_of_two_penalties_is_their_sum_up_to_a_constant():
    first, second = (Anchor.at(make(seed), random_importance(make(seed), seed)) for seed in (1, 2))
    first.importance["output.bias"].zero_()
    second.importance["output.bias"].zero_()
    total = first.plus(second)

    points = [make(seed).state_dict() for seed in (3, 4, 5)]
    differences = [float(value(total, each) - value(first, each) - value(second, each)) for each in points]
    assert differences == pytest.approx([differences[0]] * 3, rel=1e-9)
    assert all(centre.isfinite().all() for centre in total.centre.values())


def test_online_ewc_decays_the_old_importance_and_moves_the_centre():
    earlier, later = make(1), make(2)
    old, new = random_importance(earlier, 3), random_importance(later, 4)

    anchor = Anchor.at(earlier, old).decayed(0.25, later, new)

    assert all(torch.equal(anchor.importance[name], 0.25 * old[name] + new[name]) for name in old)
    assert all(torch.equal(anchor.centre[name], later.get_parameter(name)) for name in old)
    assert anchor.centre["output.weight"].data_ptr() != later.output.weight.data_ptr()


def test_new_units_have_an_importance_of_their_own_around_their_present_weights():
    network = make(1, (4, 3))
    anchor = Anchor.at(network, random_importance(network, 2))
    wider = widen(network, zero_fan_out(network, network.unit_groups()[0], 2, torch.Generator().manual_seed(0)))

    new = random_importance(wider, 3)

    widened = anchor.widened(wider, new)

    for name, parameter in wider.named_parameters():
        assert widened.importance[name].shape == parameter.shape
    assert torch.equal(widened.importance["hidden.0.linear.weight"][:4], anchor.importance["hidden.0.linear.weight"])
    assert torch.equal(widened.importance["hidden.0.linear.weight"][4:], new["hidden.0.linear.weight"][4:])
    assert torch.equal(widened.importance["hidden.1.linear.weight"][:, :4], anchor.importance["hidden.1.linear.weight"])
    assert torch.equal(widened.importance["hidden.1.linear.weight"][:, 4:], new["hidden.1.linear.weight"][:, 4:])
    assert float(value(widened, wider.state_dict())) == 0
