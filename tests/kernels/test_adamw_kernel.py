import pytest
import torch

pytest.importorskip("triton")


def _blocks(device, generator):
    """A matrix with an inner block, the columns and the rows around it, and a vector; weights and gradients."""
    matrix, vector = (torch.randn(shape, device=device, generator=generator) for shape in ((40, 70), (50,)))
    gradients = [torch.randn(each.shape, device=device, generator=generator) for each in (matrix, vector)]
    slices = [(slice(0, 30), slice(0, 60)), (slice(0, 30), slice(60, 70)), (slice(30, 40), slice(0, 70))]
    return [
        *((matrix[each], gradients[0][each], True, number == 1) for number, each in enumerate(slices)),
        (vector, gradients[1], False, False),
    ]


def test_every_block_is_updated_as_torch_does_at_its_age(device, generator):
    from mnist_growth.kernels import adamw

    blocks = _blocks(device, generator)
    ages = torch.tensor([3.0, 1.0, 5000.0, 40.0], device=device)
    parts, expected = [], []
    for (weights, gradients, decays, is_newest), age in zip(blocks, ages, strict=True):
        first = 0.1 * torch.randn(weights.shape, device=device, generator=generator)
        second = torch.rand(weights.shape, device=device, generator=generator)
        parts.append(adamw.Task(weights, gradients, first.clone(), second.clone(), decays, is_newest))
        doubles = [each.double().contiguous() for each in (weights, gradients, first, second)]
        torch._fused_adamw_(
            *([each] for each in doubles),
            [],
            [age.clone()],
            lr=0.01 * (0.3 if is_newest else 1.0),
            beta1=0.9,
            beta2=0.999,
            weight_decay=0.1 if decays else 0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
        expected.append(doubles)

    rate, factor = (torch.tensor(number, device=device) for number in (0.01, 0.3))
    adamw.step(adamw.divide(parts), ages, rate, factor, 0.1, (0.9, 0.999), 1e-8)

    for part, (weights, _, first, second) in zip(parts, expected, strict=True):
        torch.testing.assert_close(part.weights, weights.float(), rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(part.first_moment, first.float(), rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(part.second_moment, second.float(), rtol=1e-5, atol=1e-7)


def test_the_first_update_moves_by_the_rate(device):
    """The bias correction is exact where 1 - beta is small."""
    from mnist_growth.kernels import adamw

    weights, gradients = torch.zeros(3, device=device), torch.tensor([1e-3, -20.0, 5.0], device=device)
    part = adamw.Task(weights, gradients, torch.zeros_like(weights), torch.zeros_like(weights), True, False)
    ones = torch.ones(1, device=device)
    adamw.step(adamw.divide([part]), ones, 0.01 * ones[0], ones[0], 0.0, (0.9, 0.9999), 1e-20)
    torch.testing.assert_close(weights, -0.01 * gradients.sign(), rtol=1e-5, atol=0)
