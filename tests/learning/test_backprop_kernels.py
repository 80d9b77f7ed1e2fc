"""The objective for GPUs gives what the plain one does; without a GPU its kernels are interpreted on the CPU."""

import copy

import pytest
import torch

from mnist_growth.learning import Backprop
from mnist_growth.learning.margin import MarginLoss
from mnist_growth.network import GrowingMLP

pytest.importorskip("triton")

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
IMAGES = torch.randint(0, 256, (24, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)).to(DEVICE)
LABELS = torch.randint(0, 10, (24,), generator=torch.Generator().manual_seed(1)).to(DEVICE)


def networks(batch_norm):
    generator = torch.Generator().manual_seed(3)
    network = GrowingMLP([20, 9], batch_norm=batch_norm, generator=generator).train()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    network = network.to(DEVICE)
    return network, copy.deepcopy(network)


def update(objective, pieces):
    objective.begin()
    results = [objective.add(IMAGES[piece], LABELS[piece], len(LABELS[piece]) / 24) for piece in pieces]
    objective.finish()
    return sum(float(each.loss_sum) for each in results), sum(int(each.correct_count) for each in results)


@pytest.mark.parametrize("loss", [None, MarginLoss()], ids=["cross-entropy", "margin"])
@pytest.mark.parametrize("pieces", [[slice(0, 24)], [slice(0, 10), slice(10, 24)]], ids=["whole", "pieces"])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_it_gives_the_gradients_of_the_plain_objective(batch_norm, pieces, loss):
    from mnist_growth.learning.backprop_kernels import BackpropKernels

    ours, plain = networks(batch_norm)
    smoothing = 0.0 if loss else 0.1
    objectives = BackpropKernels(ours, None, smoothing, loss), Backprop(plain, None, smoothing, loss)
    for _ in range(2):  # the second time nothing of the first is left
        found, expected = (update(each, pieces) for each in objectives)

    assert found == pytest.approx(expected, rel=1e-5)
    for (name, mine), other in zip(ours.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-3, atol=1e-6, msg=name)
    for (name, mine), other in zip(ours.named_buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-6, msg=name)


def test_in_bfloat16_it_is_as_close_to_float32_as_the_plain_objective():
    from mnist_growth.learning.backprop_kernels import BackpropKernels

    network, exact = networks(True)
    update(Backprop(exact), [slice(0, 24)])
    update(BackpropKernels(network, torch.bfloat16), [slice(0, 24)])
    for (name, mine), other in zip(network.named_parameters(), exact.named_parameters(), strict=True):
        assert mine.grad.dtype == torch.float32
        assert 0 < (mine.grad - other[1].grad).norm() / other[1].grad.norm() < 0.06, name


def test_every_gradient_is_reported_complete_once_after_it_is():
    from mnist_growth.learning.backprop_kernels import BackpropKernels

    network, plain = networks(True)
    update(Backprop(plain), [slice(0, 24)])
    expected = dict(zip(network.parameters(), plain.parameters(), strict=True))
    completed = []

    def note(parameter):
        torch.testing.assert_close(parameter.grad, expected[parameter].grad, rtol=1e-3, atol=1e-6)
        completed.append(parameter)

    objective = BackpropKernels(network)
    objective.distribute(None, note)
    update(objective, [slice(0, 24)])
    assert {id(each) for each in completed} == {id(each) for each in network.parameters()}
    assert len(completed) == len(expected)
