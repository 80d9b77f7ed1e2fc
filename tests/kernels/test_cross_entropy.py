import pytest
import torch
import torch.nn.functional as F

pytest.importorskip("triton")


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(
    ("images", "classes", "smoothing"), [(256, 10, 0.1), (700, 10, 0.0), (5, 3, 0.2), (1, 16, 0.0)]
)
def test_loss_answers_and_gradients_are_those_of_torch(device, generator, images, classes, smoothing, is_first):
    from mnist_growth.kernels.cross_entropy import cross_entropy

    products = 3 * torch.randn(images, classes, device=device, generator=generator)
    labels = torch.randint(0, classes, (images,), device=device, generator=generator)
    bias = torch.randn(classes, device=device, generator=generator)
    logits = (products + bias).double().requires_grad_()
    expected = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="sum")
    (0.25 * expected).backward()
    bias.grad = torch.full_like(bias, 2.0)

    loss, correct, gradient = cross_entropy(products, bias, labels, smoothing, 0.25, is_first=is_first)

    torch.testing.assert_close(loss, expected.detach().float(), rtol=1e-5, atol=1e-4)
    assert correct.item() == (logits.argmax(1) == labels).sum().item()
    torch.testing.assert_close(gradient, logits.grad.float(), rtol=1e-4, atol=1e-6)
    before = 0.0 if is_first else 2.0
    torch.testing.assert_close(bias.grad, before + logits.grad.sum(0).float(), rtol=1e-4, atol=1e-4)


def test_very_large_logits_give_a_finite_loss(device):
    from mnist_growth.kernels.cross_entropy import cross_entropy

    products = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]], device=device)
    bias = torch.zeros(3, device=device)
    bias.grad = torch.zeros_like(bias)
    loss, correct, gradient = cross_entropy(
        products, bias, torch.tensor([0, 0], device=device), 0.0, 1.0, is_first=True
    )
    assert loss.item() == pytest.approx(2e4)
    assert correct.item() == 1
    assert torch.isfinite(gradient).all()
