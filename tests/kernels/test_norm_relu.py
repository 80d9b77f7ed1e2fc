import copy

import pytest
import torch
from torch import nn

pytest.importorskip("triton")

SIZES = [(256, 64), (3, 5), (700, 33), (2, 16)]


@pytest.fixture(params=SIZES, ids=str)
def case(request, device, generator):
    """Inputs and gradient of a layer, and its norm."""
    images, channels = request.param
    draw = lambda *shape: torch.randn(shape, device=device, generator=generator)  # noqa: E731
    norm = nn.BatchNorm1d(channels).to(device)
    with torch.no_grad():
        norm.weight.copy_(1 + 0.3 * draw(channels))
        norm.bias.copy_(0.3 * draw(channels))
    return draw(images, channels) * 2 + draw(channels), draw(images, channels), norm


def test_values_and_running_statistics_are_those_of_torch(case):
    from mnist_growth.kernels import norm_relu

    inputs, _, norm = case
    expected_norm = copy.deepcopy(norm)

    for _ in range(2):
        outputs, mean, inverse_std = norm_relu.forward(inputs, norm)
        expected = torch.relu(expected_norm(inputs))

    torch.testing.assert_close(outputs, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(mean, inputs.mean(0), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(inverse_std, (inputs.var(0, correction=0) + norm.eps).rsqrt(), rtol=1e-4, atol=1e-5)
    for name, buffer in expected_norm.named_buffers():
        torch.testing.assert_close(norm.get_buffer(name), buffer, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("is_first", [True, False])
def test_gradients_are_those_of_autograd(case, is_first):
    from mnist_growth.kernels import norm_relu

    inputs, gradient, norm = case
    reference, leaf = copy.deepcopy(norm).double(), inputs.double().requires_grad_()
    torch.relu(reference(leaf)).backward(gradient.double())
    for parameter in norm.parameters():
        parameter.grad = torch.full_like(parameter, 5.0)

    with torch.no_grad():
        outputs, *statistics = norm_relu.forward(inputs, norm)
        found = norm_relu.backward(gradient.clone(), inputs, outputs, norm, tuple(statistics), is_first=is_first)

    before = 0.0 if is_first else 5.0
    torch.testing.assert_close(found, leaf.grad.float(), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(norm.weight.grad, before + reference.weight.grad.float(), rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(norm.bias.grad, before + reference.bias.grad.float(), rtol=1e-4, atol=1e-3)


def test_low_precision_is_rounded_only_at_the_end(device, generator):
    from mnist_growth.kernels import norm_relu

    inputs = torch.randn(256, 48, device=device, generator=generator).bfloat16()
    norm = nn.BatchNorm1d(48).to(device)
    with torch.no_grad():
        outputs, mean, _ = norm_relu.forward(inputs, norm)
    assert outputs.dtype == torch.bfloat16
    assert mean.dtype == torch.float32
    expected = torch.relu(nn.BatchNorm1d(48).to(device)(inputs.float())).detach()
    torch.testing.assert_close(outputs.float(), expected, rtol=2**-7, atol=1e-5)
