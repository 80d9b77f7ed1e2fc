"""Capsules: dynamic routing against the paper, and what their lengths mean."""

import math
import re

import pytest
import torch

import configured
from mnist_growth.digits import PixelStatistics
from mnist_growth.growth import operator_named, widen
from mnist_growth.network import CapsulesSpec, build, record
from mnist_growth.network.capsules import SMALLEST_ODDS, squash
from mnist_growth.parameters import validated
from mnist_growth.pipeline_registry import register_pipelines

PIXELS = PixelStatistics(0.13, 0.31, count=100)
IMAGES = torch.randint(0, 256, (5, 28, 28), generator=torch.Generator().manual_seed(3)).to(torch.uint8)


def network(iterations=3, dtype=torch.float64, **sizes):
    given = {"hidden_widths": (6,), "primary_capsules": 4, "primary_size": 3, "digit_size": 5, "classes": 7, **sizes}
    spec = CapsulesSpec(routing_iterations=iterations, **given)
    return build(spec, PIXELS, torch.Generator().manual_seed(1)).to(dtype).eval()


def squashed(vector):
    """Equation 1."""
    length = math.sqrt(sum(value**2 for value in vector))
    return [length**2 / (1 + length**2) * value / length for value in vector]


def procedure_1(votes, iterations):
    """The routing algorithm of Sabour et al. (2017), line by line, for one image.

    Args:
        votes: u_hat[i][j], a list of numbers.

    Returns:
        v[j] and c[i][j].
    """
    capsules, classes, size = len(votes), len(votes[0]), len(votes[0][0])
    b = [[0.0] * classes for _ in range(capsules)]
    for _ in range(iterations):
        c = [[math.exp(b[i][j]) / sum(map(math.exp, b[i])) for j in range(classes)] for i in range(capsules)]
        s = [
            [sum(c[i][j] * votes[i][j][entry] for i in range(capsules)) for entry in range(size)]
            for j in range(classes)
        ]
        v = [squashed(vector) for vector in s]
        for i in range(capsules):
            for j in range(classes):
                b[i][j] += sum(a * h for a, h in zip(votes[i][j], v[j], strict=True))
    return v, c


@pytest.mark.parametrize("iterations", [1, 2, 3, 5])
def test_routing_is_that_of_the_paper(iterations):
    capsules = network(iterations)
    with torch.no_grad():
        capsules.votes.weight.mul_(8)  # so that the couplings differ
        primary = capsules.primary_capsules(IMAGES)
        routing = capsules.route(primary)
        digits = squash(routing.sums)
    matrices = capsules.votes.weight.detach().reshape(7, 5, 4, 3)  # W_ij of class j and primary capsule i
    for image in range(len(IMAGES)):
        votes = [[(matrices[j, :, i] @ primary[image, i]).tolist() for j in range(7)] for i in range(4)]
        v, c = procedure_1(votes, iterations)
        torch.testing.assert_close(digits[:, image], torch.tensor(v, dtype=torch.float64), rtol=1e-12, atol=1e-12)
        found = routing.couplings[:, image].T
        torch.testing.assert_close(found, torch.tensor(c, dtype=torch.float64), rtol=1e-12, atol=1e-12)
    assert iterations == 1 or float(routing.couplings.std()) > 0.01


def test_the_sigmoid_of_a_logit_is_the_length_of_the_digit_capsule():
    capsules = network()
    with torch.no_grad():
        capsules.votes.weight.mul_(20)
        lengths = squash(capsules.route(capsules.primary_capsules(IMAGES)).sums).norm(dim=2).T
        logits = capsules(IMAGES)
    assert lengths.max() > 0.5
    torch.testing.assert_close(torch.sigmoid(logits), lengths, rtol=0, atol=SMALLEST_ODDS)
    # P(only j) is proportional to p_j times the product of 1 - p_k over the others.
    alone = torch.stack([lengths[:, j] * (1 - lengths).prod(1) / (1 - lengths[:, j]) for j in range(7)], dim=1)
    torch.testing.assert_close(torch.softmax(logits, 1), alone / alone.sum(1, keepdim=True), rtol=0, atol=5e-3)


def test_squashing_is_equation_1_and_has_a_gradient_everywhere():
    vectors = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    expected = torch.tensor([squashed(vector) for vector in vectors.tolist()], dtype=torch.float64)
    torch.testing.assert_close(squash(vectors), expected)
    assert torch.autograd.gradcheck(squash, vectors.requires_grad_())
    for dtype in (torch.float32, torch.float64):
        for value in (0.0, 1e-30, 1e-12):
            small = torch.full((2, 3), value, dtype=dtype, requires_grad=True)
            squash(small).sum().backward()
            assert small.grad.abs().max() <= 1e-10


def test_a_network_without_any_votes_has_finite_logits_and_gradients():
    capsules = network(dtype=torch.float32)
    with torch.no_grad():
        for parameter in capsules.parameters():
            parameter.zero_()
    logits = capsules(IMAGES)
    logits[:, 0].sum().backward()
    assert logits.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in capsules.parameters())


def test_new_capsules_leave_the_couplings_of_the_others():
    capsules = network(iterations=4)
    with torch.no_grad():
        capsules.votes.weight.mul_(8)
        group = capsules.unit_groups()[1]
        wider = widen(capsules, operator_named("zero_fan_out")(capsules, group, 3, torch.Generator().manual_seed(5)))
        before, after = (each.route(each.primary_capsules(IMAGES)).couplings for each in (capsules, wider))
    torch.testing.assert_close(after[:, :, :4], before, rtol=0, atol=1e-14)
    assert (after[:, :, 4:] == 1 / 7).all()


def test_products_in_half_precision_give_nearly_the_same_logits():
    capsules = network(dtype=torch.float32, hidden_widths=(40,), primary_capsules=16)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        half = capsules(IMAGES)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, capsules(IMAGES).detach(), rtol=0, atol=0.1)


def test_widths_count_units_and_the_parameters_of_growth_neurons():
    spec = configured.network(kind="capsules", capsules={"primary_size": 4, "hidden_layers": 2}).spec(24)
    assert (spec.widths, spec.neurons) == ((24, 24, 6), (24, 24, 24))
    assert spec.with_equal_neurons(30).widths == (30, 30, 7)
    assert spec.min_batch_size == 2
    assert configured.network(kind="capsules", capsules={"hidden_layers": 0}).spec(24).min_batch_size == 1


def test_wrong_sizes_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match="'growth.initial_neurons' is 20, but a primary capsule has 8 neurons"):
        configured.network(kind="capsules").spec(20)
    with pytest.raises(ValueError, match="has 2 widths, the last one of its primary capsules, but 3 were given"):
        network().spec.with_widths([5, 6, 7])
    given = {**configured.base()["network"], "kind": "capsules"}
    given["capsules"] = {**given["capsules"], "routing_iterations": 0}
    sentence = "Parameter 'network.capsules.routing_iterations' is 0; expected a value of at least 1."
    with pytest.raises(ValueError, match=re.escape(sentence)):
        validated("network", given, register_pipelines())


def test_the_gradient_of_the_uniform_votes_is_that_of_capsules_that_do_not_exist_yet(laboratory):
    """Through all iterations of routing: dL/dW of new votes is the gradient at the output of ``votes`` times u / C."""
    capsules = network(iterations=4)
    with torch.no_grad():
        capsules.votes.weight.mul_(8)
    group = capsules.unit_groups()[1]
    wider = widen(capsules, operator_named("zero_fan_out")(capsules, group, 2, torch.Generator().manual_seed(5)))
    images, labels = laboratory.images, laboratory.labels % 7
    with record(capsules, outputs=["votes"]) as recorded:
        loss = torch.nn.functional.cross_entropy(capsules(images), labels)
        (gradient,) = torch.autograd.grad(loss, recorded.outputs["votes"])
    torch.nn.functional.cross_entropy(wider(images), labels).backward()
    new = wider.primary_capsules(images)[:, 4:].flatten(1)
    torch.testing.assert_close(wider.votes.weight.grad[:, 12:], gradient.T @ new, rtol=1e-9, atol=1e-14)


def test_directed_capsules_start_with_a_larger_gradient_than_random_ones(laboratory):
    capsules, _ = laboratory.train_any(network(hidden_widths=(12,), classes=10).spec)
    gradients = {}
    for operator in ("zero_fan_out", "gradient_directed"):
        wider = widen(capsules, laboratory.widening(capsules, 1, 2, operator))
        torch.nn.functional.cross_entropy(wider(laboratory.images), laboratory.labels).backward()
        gradients[operator] = wider.votes.weight.grad[:, 12:].norm()
    # Squashing keeps the sign, so that no direction is needed twice.
    rows = torch.cat([wider.primary.weight[12:], wider.primary.bias[12:, None]], dim=1).detach()
    torch.testing.assert_close(rows @ rows.T, torch.eye(6, dtype=torch.float64) / 3, rtol=0, atol=1e-6)
    assert gradients["gradient_directed"] > 1.5 * gradients["zero_fan_out"]
