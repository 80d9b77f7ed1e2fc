import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.special import logsumexp

from bypass_network import Bypass, BypassSpec
from mnist_growth.digits import PixelStatistics
from mnist_growth.inspection.landscape import WeightSpace, around, filter_normalised, loss_surface, origin, square
from mnist_growth.network import GrowingMLP


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def test_each_units_weights_keep_their_norm_and_biases_do_not_move(small):
    direction = filter_normalised(small.network, generator())

    parts = small.weights.parts(direction)
    for (name, parameter), part in zip(small.network.named_parameters(), parts, strict=True):
        if parameter.ndim == 2:
            torch.testing.assert_close(part.norm(dim=1), parameter.detach().norm(dim=1), msg=name)
        else:
            assert part.abs().max() == 0, name
    other = filter_normalised(small.network, generator(2))
    cosine = torch.cosine_similarity(direction, other, dim=0)
    assert abs(float(cosine)) < 0.2


def test_the_units_of_a_group_are_its_filters_whatever_axis_they_are_on():
    """With the group's incoming weights on the second axis, columns keep their norms."""

    class Sideways(Bypass):
        def unit_groups(self):
            first, second = super().unit_groups()
            [axis] = first.of_role("incoming")
            return (
                type(first)(first.name, first.size, (type(axis)(axis.tensor, 1, "incoming", entries=112),)),
                second,
            )

    network = Sideways(BypassSpec(sizes=(7, 5)), PixelStatistics(0.13, 0.31, count=1), generator()).double()

    part = WeightSpace(network).parts(filter_normalised(network, generator()))[0]

    weight = network.first.weight.detach()
    for unit in range(7):
        columns = slice(112 * unit, 112 * (unit + 1))
        torch.testing.assert_close(part[:, columns].norm(), weight[:, columns].norm())


def test_the_loss_on_the_plane_is_the_networks_own_at_those_weights(small):
    directions = (filter_normalised(small.network, generator()), filter_normalised(small.network, generator(2)))
    surface = loss_surface(
        small.weights, small.images, small.labels, origin(small.network), directions, square(0.5, 3), [-1.0, 2.0]
    )

    assert surface[["x", "y"]].to_numpy().tolist() == [[x, y] for y in (-1.0, 2.0) for x in (-0.5, 0.0, 0.5)]
    moved = WeightSpace(small.network)
    moved.move_to(origin(small.network) + 0.5 * directions[0] - directions[1])
    logits = moved.network(small.images).detach()
    assert surface["loss"][2] == pytest.approx(float(F.cross_entropy(logits, small.labels)), rel=1e-12)
    assert surface["accuracy"][2] == float((logits.argmax(1) == small.labels).double().mean())


def test_without_hidden_layers_between_them_the_logits_are_those_of_the_moved_output_weights(small):
    """Along a direction of the output weights alone, the loss has a closed form."""
    parts = [torch.zeros_like(part) for part in small.weights.parts(origin(small.network))]
    parts[-2].normal_(generator=generator())
    direction = torch.cat([part.flatten() for part in parts])
    surface = loss_surface(
        small.weights, small.images, small.labels, origin(small.network), (direction, direction), [0.7], [0.0]
    )

    hidden = small.network.hidden[1](small.network.hidden[0](small.network.normalised(small.images)))
    logits = (small.network.output(hidden) + 0.7 * hidden @ parts[-2].T).detach().numpy()
    losses = logsumexp(logits, axis=1) - logits[np.arange(12), small.labels]
    assert surface["loss"][0] == pytest.approx(losses.mean(), rel=1e-12)


def test_batch_statistics_make_the_scale_of_incoming_weights_irrelevant():
    """And they are those of all images together, so that chunks make no difference."""
    network = GrowingMLP((6, 5), generator=generator()).double().eval()
    images = torch.randint(0, 256, (40, 28, 28), generator=generator(), dtype=torch.uint8)
    labels = torch.arange(40) % 10
    weights = WeightSpace(network, batch_statistics=True)
    direction = torch.cat(
        [
            (parameter.detach() if name.endswith("linear.weight") else torch.zeros_like(parameter)).flatten()
            for name, parameter in network.named_parameters()
        ]
    )

    surface = loss_surface(weights, images, labels, origin(network), (direction, direction), [0.0, 1.0], [0.0])

    expected = F.cross_entropy(network.train()(images), labels)
    assert surface["loss"][0] == pytest.approx(float(expected.detach()), rel=1e-12)
    assert surface["loss"][1] == pytest.approx(surface["loss"][0], rel=1e-4)  # but for the epsilon of batch norm


def test_the_grid_has_the_network_in_its_centre_and_covers_a_path_with_its_margin():
    assert square(1.0, 5) == [-1, -0.5, 0, 0.5, 1]
    assert around([2.0, 4.0], margin=0.1, points=3) == pytest.approx([1.8, 3.0, 4.2])
    assert around([2.0, 2.0], margin=0.5, points=2) == pytest.approx([1.5, 2.5])


def test_a_network_is_left_as_it_was(unchanged):
    network = GrowingMLP((6, 5), generator=generator()).train()
    images = torch.randint(0, 256, (10, 28, 28), generator=generator(), dtype=torch.uint8)
    labels = torch.arange(10)
    with unchanged(network, images.numpy(), labels.numpy()):
        weights = WeightSpace(network, batch_statistics=True)
        plane = filter_normalised(network, generator()), filter_normalised(network, generator())
        loss_surface(weights, images, labels, origin(network), plane, [0.5], [0.5])
        weights.gradient(images, labels)
