import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_growth.growth import deepen
from mnist_growth.learning import averaged_copy

shapes = st.lists(st.integers(1, 12), min_size=1, max_size=3)
OTHER_IMAGES = torch.randint(0, 256, (32, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))


@settings(max_examples=40, deadline=None)
@given(shapes, st.booleans(), st.data())
def test_a_new_layer_preserves_the_function_on_any_images(laboratory, widths, batch_norm, data):
    network, _ = laboratory.train(widths, batch_norm)
    after = data.draw(st.integers(0, len(widths) - 1))
    deeper, _ = deepen(network, after, laboratory.images)
    assert deeper.widths == (*widths[: after + 1], widths[after], *widths[after + 1 :])
    for images in (laboratory.images, OTHER_IMAGES):
        torch.testing.assert_close(deeper.eval()(images), network.eval()(images), rtol=0, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(16, 64), min_size=1, max_size=3), st.booleans(), st.data())
def test_a_new_layer_preserves_the_function_in_single_precision(laboratory, widths, batch_norm, data):
    network, _ = laboratory.train(widths, batch_norm, torch.float32)
    deeper, _ = deepen(network, data.draw(st.integers(0, len(widths) - 1)), laboratory.images)
    before, after = network.eval()(laboratory.images), deeper.eval()(laboratory.images)
    assert (before - after).abs().max().item() <= 1e-6 * before.abs().max().item()


def test_in_training_mode_it_is_preserved_where_the_batch_has_the_statistics_of_the_images(laboratory):
    network, _ = laboratory.train([12, 10], steps=0)
    network.eval()
    for _ in range(300):  # the running statistics become those of the images
        network.train()(laboratory.images)
    deeper, _ = deepen(network, 0, laboratory.images)
    before, after = network.train()(laboratory.images), deeper.train()(laboratory.images)
    unbiased = 64 / 63  # running variances are unbiased, those of a batch are not
    assert (before - after).abs().max() <= (unbiased - 1) * before.abs().max()


@pytest.mark.parametrize("batch_norm", [True, False])
def test_the_optimizer_and_the_average_follow(laboratory, batch_norm):
    network, optimizer = laboratory.train([6, 5, 4], batch_norm, steps=3)
    average = averaged_copy(network)
    laboratory.descend(network, optimizer)
    old = optimizer.moments()
    (deeper, deepening), (deeper_average, _) = (deepen(one, 1, laboratory.images) for one in (network, average))
    optimizer.grow(deeper, [deepening])
    torch.testing.assert_close(deeper_average(laboratory.images), average.eval()(laboratory.images), rtol=0, atol=1e-12)
    assert not deeper_average.training
    assert dict(deeper.named_parameters()).keys() == optimizer.parameters.keys()
    assert all(optimizer.parameters[name] is parameter for name, parameter in deeper.named_parameters())
    for name, moments in optimizer.moments().items():
        if name.startswith("hidden.2."):
            assert not any(part.any() for part in vars(moments).values())
        else:
            before = old[name.replace("hidden.3.", "hidden.2.")]
            assert all(torch.equal(*pair) for pair in zip(vars(before).values(), vars(moments).values(), strict=True))
    before = copy.deepcopy(deeper.hidden[2].linear.weight)
    laboratory.descend(deeper, optimizer)
    assert not torch.equal(deeper.hidden[2].linear.weight, before)
    assert (deeper.hidden[2].linear.weight - before).abs().max() <= 0.01 * (1 + 0.01)  # rate, and decay


def test_the_network_given_is_not_changed_and_a_wrong_place_is_refused(laboratory):
    network, _ = laboratory.train([6, 5])
    before = copy.deepcopy(network.state_dict())
    deepen(network, 0, laboratory.images)
    assert network.training
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    with pytest.raises(IndexError, match="There is no hidden layer 2 to insert one after; the last one is 1"):
        deepen(network, 2, laboratory.images)
