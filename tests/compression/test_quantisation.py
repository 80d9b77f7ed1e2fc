import numpy as np
import pytest
import torch

from bypass_network import BypassSpec
from mnist_growth.compression import quantise_weights, quantised
from mnist_growth.compression.quantisation import QuantisationAwareMLP, folded_layers, smallest_error_steps
from mnist_growth.digits import MNIST_PIXELS
from mnist_growth.learning import Autograd, objective_for
from mnist_growth.network import GrowingMLP, build, largest_code, quantise_activations

IMAGES = torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def weights(dtype=torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(6, 50, generator=generator, dtype=dtype)
    return weight, torch.rand(6, generator=generator, dtype=dtype) * 0.3 + 0.1


@pytest.fixture(scope="module")
def network() -> GrowingMLP:
    """With running statistics, in evaluation mode."""
    made = GrowingMLP((20, 15), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        for _ in range(20):
            made(IMAGES)
    return made.eval().requires_grad_(False)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_weights_and_their_gradients_are_those_of_torch(bits):
    """Except between Q and Q + 1/2, where torch still passes gradients and Esser et al., equation 5, clip them."""
    weight, steps = weights(torch.float32)
    upstream = torch.randn(weight.shape, generator=torch.Generator().manual_seed(3))
    found, expected = weight.clone().requires_grad_(), weight.clone().requires_grad_()
    largest = largest_code(bits)

    ours = quantise_weights(found, steps, bits)
    theirs = torch.fake_quantize_per_channel_affine(
        expected, steps, torch.zeros(6, dtype=torch.int32), 0, -largest, largest
    )
    ours.backward(upstream)
    theirs.backward(upstream)

    size = (weight / steps[:, None]).abs()
    assert torch.equal(ours, theirs)
    assert torch.allclose(found.grad[size < largest], expected.grad[size < largest], rtol=1e-6)
    assert torch.equal(found.grad != 0, size <= largest)


@pytest.mark.parametrize("bits", [2, 4])
def test_the_gradient_of_the_step_is_that_of_its_definition(bits):
    """Esser et al., equation 3: rounding adds a constant, so that a finite difference keeps what it has added."""
    weight, steps = weights()
    upstream = torch.randn(weight.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    largest = largest_code(bits)
    scaled = (weight / steps[:, None]).clamp(-largest, largest)
    added = scaled.round() - scaled

    def loss(changed: torch.Tensor) -> torch.Tensor:
        return (((weight / changed[:, None]).clamp(-largest, largest) + added) * changed[:, None] * upstream).sum(1)

    learned = steps.clone().requires_grad_()
    (quantise_weights(weight, learned, bits) * upstream).sum().backward()

    difference = (loss(steps + 1e-6) - loss(steps - 1e-6)) / 2e-6
    assert torch.allclose(learned.grad, difference, atol=1e-6)


def test_activations_and_their_gradients_are_those_of_torch():
    values = torch.rand(9, 30, generator=torch.Generator().manual_seed(4)) * 8
    found, expected = values.clone().requires_grad_(), values.clone().requires_grad_()
    step = torch.tensor(0.02)  # 255 steps are 5.1

    ours = quantise_activations(found, step)
    theirs = torch.fake_quantize_per_tensor_affine(expected, 0.02, 0, 0, 255)
    ours.sum().backward()
    theirs.sum().backward()

    assert torch.allclose(ours, theirs, atol=1e-6)
    assert torch.equal(found.grad != 0, values <= 255 * step)
    assert torch.equal(expected.grad != 0, values < 255.5 * step)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_steps_have_the_smallest_error_of_a_fine_search(bits):
    weight = weights()[0].numpy()
    largest = largest_code(bits)

    def error(steps: np.ndarray) -> np.ndarray:
        rounded = np.clip(np.rint(weight / steps[:, None]), -largest, largest) * steps[:, None]
        return np.square(rounded - weight).sum(axis=1)

    unclipped = np.abs(weight).max(axis=1) / largest
    least = np.min([error(unclipped * fraction) for fraction in np.linspace(0.02, 1, 2000)], axis=0)
    assert (error(smallest_error_steps(weight, bits).astype(np.float64)) <= 1.25 * least).all()


def test_a_row_of_zeros_has_a_step():
    steps = smallest_error_steps(np.zeros((2, 5)), 4)
    assert (steps > 0).all()


def test_folding_keeps_the_function(network):
    layers = folded_layers(network)
    outputs = network.normalised(IMAGES).double().numpy()
    for position, layer in enumerate(layers):
        outputs = (np.maximum(outputs, 0) if position else outputs) @ layer.weight.T + layer.bias
    assert np.abs(outputs - network(IMAGES).numpy()).max() < 1e-4


@pytest.mark.parametrize("activation_bits", [None, 8])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_packed_network_computes_what_was_trained(network, bits, activation_bits):
    aware = quantised(network, bits, activation_bits, IMAGES)
    with torch.no_grad():
        for factor in aware.factors:
            factor.mul_(1.07)  # as if they had been trained
        if activation_bits:
            aware.activation_factors.mul_(0.9)
        expected = aware(IMAGES)
    packed = aware.packed()

    assert torch.allclose(packed(IMAGES), expected, rtol=0, atol=2e-6 * float(expected.abs().max()))
    assert packed.spec.weight_bits == (bits, bits, 8)
    assert packed.spec.activation_bits == activation_bits


def test_eight_bits_are_close_to_the_float_network(network):
    expected = network(IMAGES)
    packed = quantised(network, 8, 8, IMAGES).packed()
    assert (packed(IMAGES) - expected).abs().max() < 0.05 * expected.abs().max()


def test_calibration_maps_the_largest_activation_to_the_largest_code(network):
    aware = quantised(network, 8, 8, IMAGES)
    activations = aware.normalised(IMAGES)
    first = quantise_weights(aware.hidden[0].linear.weight, aware.steps(0), 8)
    largest = (activations @ first.T + aware.hidden[0].linear.bias).max()
    assert torch.isclose(255 * aware.first_activation_steps[0], largest, rtol=1e-5)


def test_every_step_has_a_gradient(network):
    aware = quantised(network, 4, 8, IMAGES).train()
    aware(IMAGES).square().sum().backward()
    for factor in [*aware.factors, aware.activation_factors]:
        assert torch.count_nonzero(factor.grad) == factor.numel()


def test_other_kinds_of_networks_are_refused():
    network = build(BypassSpec(sizes=(4, 4)), MNIST_PIXELS)
    with pytest.raises(ValueError, match="only a chain of affine maps and relu can"):
        quantised(network, 4, None, IMAGES)


def test_the_network_is_no_perceptron_for_the_objectives(network):
    aware = quantised(network, 4, None, IMAGES)
    assert isinstance(aware, QuantisationAwareMLP)
    assert isinstance(objective_for(aware, None, 0.0), Autograd)
