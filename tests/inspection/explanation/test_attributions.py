"""The attribution methods against captum and closed forms."""

import importlib

import captum.attr
import pytest
import torch
from explained import CLASSES, IMAGES, bypass, linear_like, mlp

from mnist_growth.inspection.explanation import (
    activation_map,
    complete_integrated_gradients,
    completeness_errors,
    gradient_times_input,
    integrated_gradients,
    occlusion,
    saliency,
    smooth_grad,
)
from mnist_growth.inspection.log_odds import log_odds

KINDS = {"mlp": mlp, "without batch norm": lambda: mlp(batch_norm=False), "bypass": bypass}
BLACK = torch.zeros(28, 28, dtype=torch.float64)


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def network(request):
    return request.param()


def explained(network):
    """What captum differentiates: the lead of each image's class, also of repeated images."""
    return lambda pixels: log_odds(network(pixels), CLASSES.repeat_interleave(len(pixels) // len(CLASSES)))


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


def test_the_lead_is_the_log_odds():
    logits = torch.randn(6, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 5
    probability = logits.softmax(1).gather(1, CLASSES[:, None])[:, 0]
    torch.testing.assert_close(log_odds(logits, CLASSES), torch.log(probability / (1 - probability)))


def test_saliency_is_captums_and_proportional_to_the_gradient_of_the_loss(network):
    found = saliency(network, IMAGES, CLASSES)
    close(found, captum.attr.Saliency(explained(network)).attribute(IMAGES.clone().requires_grad_()).detach())
    pixels = IMAGES.clone().requires_grad_()
    logits = network(pixels)
    (slope,) = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, CLASSES, reduction="sum"), pixels)
    missing = 1 - logits.detach().softmax(1).gather(1, CLASSES[:, None])
    close(found * missing[:, :, None], slope.abs())


def test_gradient_times_input_is_captums(network):
    expected = captum.attr.InputXGradient(explained(network)).attribute(IMAGES.clone().requires_grad_())
    close(gradient_times_input(network, IMAGES, CLASSES), expected.detach())


def test_smooth_grad_is_captums_with_the_same_noise(network):
    method = captum.attr.NoiseTunnel(captum.attr.Saliency(explained(network)))
    with torch.random.fork_rng():
        torch.manual_seed(11)
        expected = method.attribute(
            IMAGES.clone().requires_grad_(), nt_type="smoothgrad", nt_samples=8, stdevs=30.0, abs=False
        ).detach()
    generator = torch.Generator().manual_seed(11)
    close(smooth_grad(network, IMAGES, CLASSES, samples=8, deviation=30.0, generator=generator), expected.abs())


@pytest.mark.parametrize("baseline", [BLACK, IMAGES.mean(0)], ids=["black", "mean"])
def test_integrated_gradients_are_captums_with_the_same_quadrature(network, baseline):
    expected = captum.attr.IntegratedGradients(explained_along(network)).attribute(
        IMAGES, baseline.expand_as(IMAGES), n_steps=33, method="riemann_trapezoid"
    )
    found = integrated_gradients(network, IMAGES, CLASSES, baseline=baseline, steps=32, rule="trapezoid")
    # Captum counts the points of the rule instead of the steps between them, and gives each the weight 1 / 33.
    close(found, expected.detach() * 33 / 32)


def explained_along(network):
    """As ``explained``, for captum's order: all images at the first point of the line, then at the next."""
    return lambda pixels: log_odds(network(pixels), CLASSES.repeat(len(pixels) // len(CLASSES)))


def test_the_rule_along_kinks_is_closer_to_the_integral_than_the_trapezoid(network):
    exact = integrated_gradients(network, IMAGES, CLASSES, baseline=BLACK, steps=8000, rule="trapezoid")
    errors = [
        (integrated_gradients(network, IMAGES, CLASSES, baseline=BLACK, steps=256, rule=rule) - exact).norm()
        for rule in ("kinks", "trapezoid")
    ]
    assert errors[0] < 0.6 * errors[1]


@pytest.mark.parametrize("baseline", [BLACK, IMAGES.mean(0)], ids=["black", "mean"])
def test_integrated_gradients_are_complete(network, baseline):
    found = complete_integrated_gradients(network, IMAGES, CLASSES, baseline=baseline, steps=8, max_error=5e-4)
    there = log_odds(network(baseline.expand_as(IMAGES)), CLASSES)
    difference = log_odds(network(IMAGES), CLASSES) - there
    errors = (found.sum((1, 2)) - difference).abs() / difference.abs()
    assert errors.max() < 1e-3
    torch.testing.assert_close(completeness_errors(network, IMAGES, CLASSES, baseline, found), errors)


def test_halved_steps_come_close_to_the_integral(network):
    exact = integrated_gradients(network, IMAGES, CLASSES, baseline=BLACK, steps=8000, rule="trapezoid")
    found = complete_integrated_gradients(network, IMAGES, CLASSES, baseline=BLACK, steps=32, max_error=1e-5)
    once = integrated_gradients(network, IMAGES, CLASSES, baseline=BLACK, steps=32)
    assert (found - exact).norm() < 0.9 * (once - exact).norm()


@pytest.mark.parametrize(("side", "stride"), [(4, 2), (7, 7), (5, 3)])
def test_occlusion_is_captums(network, side, stride):
    expected = captum.attr.Occlusion(explained(network)).attribute(IMAGES, (side, side), strides=(stride, stride))
    close(occlusion(network, IMAGES, CLASSES, side=side, stride=stride), expected.double())  # captum's are float32


def test_methods_agree_for_an_affine_network_with_the_share_of_each_pixel():
    """Where logits are affine, so are differences of two; with two classes left, the lead is such a difference."""
    network = linear_like()
    with torch.no_grad():
        network.output.bias[2:] = -1e9  # the lead of class 0 over class 1 remains
    classes = torch.zeros(len(IMAGES), dtype=torch.long)
    first, last = network.affine_chain()
    weights = torch.from_numpy((last.weight[0] - last.weight[1]) @ first.weight).reshape(28, 28)
    close(gradient_times_input(network, IMAGES, classes), weights * IMAGES)
    for rule in ("kinks", "trapezoid"):
        close(
            integrated_gradients(network, IMAGES, classes, baseline=BLACK, steps=3, rule=rule),
            weights * IMAGES,
        )
    close(occlusion(network, IMAGES, classes, side=1, stride=1), weights * IMAGES)
    close(saliency(network, IMAGES, classes), weights.abs().expand_as(IMAGES))


@torch.no_grad()
def test_a_class_activation_map_is_class_weight_times_activation_times_incoming_weights():
    network = mlp()
    first, second, last = (
        (torch.from_numpy(layer.weight), torch.from_numpy(layer.bias)) for layer in network.affine_chain()
    )
    before = [torch.relu(IMAGES.flatten(1) @ first[0].T + first[1])]
    before.append(torch.relu(before[0] @ second[0].T + second[1]))
    logits = before[1] @ last[0].T + last[1]
    # Derivative of the lead with respect to the logits: 1 for the class, the softmax of the others for them.
    others = logits.scatter(1, CLASSES[:, None], float("-inf")).softmax(1)
    slope = torch.nn.functional.one_hot(CLASSES, 10) - others
    class_weights = [None, slope @ last[0]]
    class_weights[0] = (class_weights[1] * (before[1] > 0)) @ second[0]
    shallow = (class_weights[0] * before[0]) @ first[0]
    deep = ((class_weights[1] * before[1]) @ second[0] * (before[0] > 0)) @ first[0]
    close(activation_map(network, IMAGES, CLASSES, layer=1), shallow.reshape(-1, 28, 28))
    close(activation_map(network, IMAGES, CLASSES, layer=2), deep.reshape(-1, 28, 28))


def test_chunks_make_no_difference(network, monkeypatch):
    def everything():
        generator = torch.Generator().manual_seed(3)
        return [
            saliency(network, IMAGES, CLASSES),
            smooth_grad(network, IMAGES, CLASSES, samples=4, deviation=20.0, generator=generator),
            integrated_gradients(network, IMAGES, CLASSES, baseline=BLACK, steps=5),
            complete_integrated_gradients(network, IMAGES, CLASSES, baseline=BLACK, steps=5, max_error=1e-3),
            occlusion(network, IMAGES, CLASSES, side=7, stride=7),
            activation_map(network, IMAGES, CLASSES, layer=1),
        ]

    whole = everything()
    for name in ("target", "gradients", "integrated_gradients", "occlusion", "activation_map"):
        module = importlib.import_module(f"mnist_growth.inspection.explanation.{name}")
        monkeypatch.setattr(module, "CHUNK", 4)
    for found, expected in zip(everything(), whole, strict=True):
        torch.testing.assert_close(found, expected)


def test_the_network_is_left_as_it_was(network, unchanged):
    with unchanged(network, IMAGES.numpy(), CLASSES.numpy()):
        saliency(network, IMAGES, CLASSES)
        smooth_grad(network, IMAGES, CLASSES, samples=2, deviation=20.0, generator=torch.Generator().manual_seed(1))
        complete_integrated_gradients(network, IMAGES, CLASSES, baseline=BLACK, steps=5, max_error=1e-3)
        occlusion(network, IMAGES, CLASSES, side=7, stride=7)
        activation_map(network, IMAGES, CLASSES, layer=2)
