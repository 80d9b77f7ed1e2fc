import numpy as np
import pytest
import torch

from mnist_growth.network import GrowingMLP, predict_logits, score

IMAGES = torch.randint(0, 256, (6, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([3, 1, 4, 1, 5, 9])


def test_logits_equal_a_hand_written_forward_pass():
    network = GrowingMLP([5, 4], batch_norm=False, pixel_mean=0.2, pixel_std=0.5).double()
    activations = ((IMAGES.double() / 255 - 0.2) / 0.5).reshape(6, 784).numpy()
    for layer in network.linear_layers()[:-1]:
        activations = np.maximum(activations @ layer.weight.detach().numpy().T + layer.bias.detach().numpy(), 0)
    expected = activations @ network.output.weight.detach().numpy().T + network.output.bias.detach().numpy()
    np.testing.assert_allclose(network(IMAGES).detach().numpy(), expected, atol=1e-7)


def test_gradients_equal_the_hand_derived_ones():
    """dL/dZ3 = A3 - Y, dL/dW = dL/dZ^T A, dL/dA = dL/dZ W, relu' = [Z > 0], averaged over the batch."""
    network = GrowingMLP([5, 4], batch_norm=False).double()
    first, second, output = network.linear_layers()
    x = ((IMAGES.double() / 255 - network.pixel_mean) / network.pixel_std).reshape(6, 784)
    z1 = x @ first.weight.T + first.bias
    a1 = z1.clamp(min=0)
    z2 = a1 @ second.weight.T + second.bias
    a2 = z2.clamp(min=0)
    z3 = a2 @ output.weight.T + output.bias
    a3 = torch.softmax(z3, dim=1)
    y = torch.nn.functional.one_hot(LABELS, 10).double()
    dz3 = (a3 - y) / 6
    dz2 = (dz3 @ output.weight) * (z2 > 0)
    dz1 = (dz2 @ second.weight) * (z1 > 0)
    torch.nn.functional.cross_entropy(network(IMAGES), LABELS).backward()
    for layer, dz, inputs in ((output, dz3, a2), (second, dz2, a1), (first, dz1, x)):
        torch.testing.assert_close(layer.weight.grad, (dz.T @ inputs).detach(), rtol=1e-5, atol=1e-9)
        torch.testing.assert_close(layer.bias.grad, dz.sum(0).detach(), rtol=1e-5, atol=1e-9)


def test_gradients_equal_finite_differences():
    network = GrowingMLP([3, 3], batch_norm=True).double().train()
    loss = torch.nn.functional.cross_entropy(network(IMAGES), LABELS)
    loss.backward()
    step = 1e-6
    for parameter in network.parameters():
        flat, gradient = parameter.detach().reshape(-1), parameter.grad.reshape(-1)
        for index in range(0, len(flat), max(1, len(flat) // 5)):
            original = flat[index].item()
            losses = []
            for value in (original + step, original - step):
                flat[index] = value
                losses.append(torch.nn.functional.cross_entropy(network(IMAGES), LABELS).item())
            flat[index] = original
            assert gradient[index].item() == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-3, abs=1e-7)


def test_the_number_of_parameters_is_that_of_the_formula():
    assert GrowingMLP([128, 128, 128], batch_norm=False).parameter_count == (
        784 * 128 + 128 + 2 * (128 * 128 + 128) + 128 * 10 + 10
    )


@pytest.mark.parametrize("widths", [[], [0], [3, -1]])
def test_impossible_widths_are_refused(widths):
    with pytest.raises(ValueError, match="expected at least one, each at least 1"):
        GrowingMLP(widths)


def test_prediction_in_chunks_equals_prediction_in_one_go_and_keeps_the_mode():
    network = GrowingMLP([4]).train()
    images = np.random.default_rng(0).integers(0, 256, (4100, 28, 28), dtype=np.uint8)
    logits = predict_logits(network, images)
    assert network.training
    assert logits.dtype == np.float32
    with torch.inference_mode():
        expected = network.eval()(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    assert predict_logits(network, images[:0]).shape == (0, 10)


def test_score_equals_cross_entropy_and_accuracy_of_the_chosen_images():
    network = GrowingMLP([4]).eval()
    chosen = torch.tensor([0, 2, 5])
    result = score(network, IMAGES, LABELS, chosen)
    logits = network(IMAGES[chosen]).detach()
    assert result.loss == pytest.approx(torch.nn.functional.cross_entropy(logits, LABELS[chosen]).item(), rel=1e-6)
    assert result.accuracy == pytest.approx((logits.argmax(1) == LABELS[chosen]).double().mean().item())


@pytest.mark.parametrize("batch_norm", [True, False])
def test_an_inserted_layer_moves_the_later_ones_up(batch_norm):
    network = GrowingMLP([3, 4, 5], batch_norm=batch_norm).eval()

    deeper, names = network.with_identity_layer(0, IMAGES)

    assert deeper.widths == (3, 3, 4, 5)
    assert names.keys() == network.state_dict().keys()
    assert names["hidden.0.linear.weight"] == "hidden.0.linear.weight"
    assert names["hidden.1.linear.weight"] == "hidden.2.linear.weight"
    assert names["output.bias"] == "output.bias"
    state = deeper.state_dict()
    for name, tensor in network.state_dict().items():
        assert torch.equal(state[names[name]], tensor)
    assert {name for name in state if name not in names.values()} == {
        name.replace("hidden.0", "hidden.1") for name in names if name.startswith("hidden.0.")
    }
