"""The optimizer's kernel for GPUs does what torch's does; without a GPU it is interpreted on the CPU."""

import pytest
import torch

from mnist_growth.growth import widen_together, zero_fan_out
from mnist_growth.learning import GrowingAdamW
from mnist_growth.learning.kernel_update import KernelUpdate
from mnist_growth.network import GrowingMLP

pytest.importorskip("triton")

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(monkeypatch, usable, *, tensors):
    """Some updates by given gradients before and after two growth steps."""
    monkeypatch.setattr("mnist_growth.kernels.are_usable", lambda _device: usable)
    network = GrowingMLP([6, 5], generator=torch.Generator().manual_seed(0)).to(DEVICE)
    optimizer = GrowingAdamW(network, weight_decay=0.05)
    generator = torch.Generator().manual_seed(1)
    number = (lambda value: torch.tensor(value, device=DEVICE)) if tensors else float
    for width in (6, 9, 40):
        if width > network.widths[0]:
            counts = [width - old for old in network.widths]
            (network,), widenings = widen_together(
                [network], counts, zero_fan_out, torch.Generator().manual_seed(width)
            )
            optimizer.grow(network, widenings)
        for update in range(4):
            for parameter in network.parameters():
                parameter.grad = torch.randn(parameter.shape, generator=generator).to(DEVICE)
            optimizer.step(number(0.01 / (1 + update)), number(0.2 + 0.1 * update))
        optimizer.zero_grad()
    return network, optimizer


@pytest.mark.parametrize("tensors", [True, False])
def test_a_network_that_grows_is_updated_as_by_torch(monkeypatch, tensors):
    network, optimizer = train(monkeypatch, usable=True, tensors=tensors)
    expected, reference = train(monkeypatch, usable=False, tensors=tensors)

    assert [type(call) for call in optimizer._calls] == [KernelUpdate]
    assert len(reference._calls) == 4
    for (name, mine), other in zip(network.named_parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-7, msg=name)
    found, wanted = optimizer.state()[0], reference.state()[0]
    for name, tensor in wanted.items():
        # torch's kernel for GPUs rounds 1 - 0.999 in float32: the second moments are 5e-5 too large.
        torch.testing.assert_close(found[name], tensor, rtol=1e-4, atol=1e-7, msg=name)


def test_gradients_that_move_are_found_again(monkeypatch):
    monkeypatch.setattr("mnist_growth.kernels.are_usable", lambda _device: True)
    layer = torch.nn.Linear(3, 2).to(DEVICE)
    optimizer = GrowingAdamW(layer, weight_decay=0.0)
    for sign in (1.0, -1.0):
        before = layer.weight.detach().clone()
        layer.weight.grad = torch.full_like(layer.weight, sign)
        layer.bias.grad = torch.zeros_like(layer.bias)
        optimizer.step(0.1)
        moved = (layer.weight - before).detach()
        assert (moved.sign() == -1).all() if sign > 0 else moved.abs().max() < 0.02  # the moments cancel
        kept = layer.weight.grad  # noqa: F841  # so that the next one lies elsewhere
