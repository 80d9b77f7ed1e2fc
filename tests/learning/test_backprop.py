import copy
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mnist_growth.learning import Backprop
from mnist_growth.network import GrowingMLP

IMAGES = torch.randint(0, 256, (12, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 10, (12,), generator=torch.Generator().manual_seed(1))


def make(widths, batch_norm, dtype=torch.float64):
    """A network whose batch norm and biases have left their initial values."""
    generator = torch.Generator().manual_seed(3)
    network = GrowingMLP(widths, batch_norm=batch_norm, generator=generator).to(dtype).train()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator).to(dtype))
    return network


def gradients(network):
    return {name: parameter.grad for name, parameter in network.named_parameters()}


@settings(deadline=None, max_examples=40)
@given(
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    batch_norm=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.1, 0.7]),
)
def test_loss_gradients_and_running_statistics_are_those_of_autograd(widths, batch_norm, smoothing):
    ours = make(widths, batch_norm)
    theirs = copy.deepcopy(ours)
    logits = theirs(IMAGES)
    loss = F.cross_entropy(logits, LABELS, label_smoothing=smoothing)
    loss.backward()

    backprop = Backprop(ours, label_smoothing=smoothing)
    backprop.begin()
    result = backprop.add(IMAGES, LABELS)

    assert float(result.loss_sum) == pytest.approx(12 * loss.item(), rel=1e-12)
    assert int(result.correct_count) == int((logits.argmax(1) == LABELS).sum())
    for name, gradient in gradients(theirs).items():
        torch.testing.assert_close(gradients(ours)[name], gradient, rtol=1e-9, atol=1e-12)
    for (name, mine), (_, other) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=0, msg=name)


def test_without_batch_norm_the_gradients_of_pieces_add_up_to_that_of_the_whole():
    whole, divided = make([6, 5], False), make([6, 5], False)
    for network, pieces in ((whole, [slice(0, 12)]), (divided, [slice(0, 5), slice(5, 6), slice(6, 12)])):
        backprop = Backprop(network)
        for _ in range(2):  # the second time nothing of the first is left
            backprop.begin()
            for piece in pieces:
                backprop.add(IMAGES[piece], LABELS[piece], share=len(LABELS[piece]) / 12)
    for name, gradient in gradients(whole).items():
        torch.testing.assert_close(gradients(divided)[name], gradient, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_in_bfloat16_the_gradients_are_close_to_those_of_float32(batch_norm):
    plain, low = make([64, 48], batch_norm, torch.float32), make([64, 48], batch_norm, torch.float32)
    for network, dtype in ((plain, None), (low, torch.bfloat16)):
        backprop = Backprop(network, dtype)
        backprop.begin()
        result = backprop.add(IMAGES, LABELS)
        assert result.loss_sum.dtype == torch.float32
    for name, gradient in gradients(plain).items():
        assert gradients(low)[name].dtype == torch.float32
        error = (gradients(low)[name] - gradient).norm() / gradient.norm()
        assert 0 < error < 0.06, name  # each rounding is up to 0.004, and relu may let another neuron through


def test_in_bfloat16_the_weights_of_the_moment_are_used():
    network = make([8], True, torch.float32)
    backprop = Backprop(network, torch.bfloat16)
    backprop.begin()
    before = backprop.add(IMAGES, LABELS).loss_sum
    with torch.no_grad():
        network.output.weight.mul_(2)
    backprop.begin()
    assert backprop.add(IMAGES, LABELS).loss_sum != before


def test_buffers_of_gradients_stay_where_they_are():
    network = make([8], True)
    backprop = Backprop(network)
    addresses = []
    for _ in range(2):
        network.zero_grad()
        backprop.begin()
        backprop.add(IMAGES, LABELS)
        addresses.append([parameter.grad.data_ptr() for parameter in network.parameters()])
    assert addresses[0] == addresses[1]


def test_networks_of_other_kinds_are_refused_with_what_to_use():
    class Other(nn.Module):
        spec = SimpleNamespace(kind="bypass")

    with pytest.raises(TypeError, match=r"^Backprop supports networks of kind 'mlp', found 'bypass'; use Autograd$"):
        Backprop(Other())
