import itertools
from typing import get_args

import pytest
import torch

from bypass_network import Bypass, BypassSpec
from laboratory import IMAGES, LABELS, Laboratory
from mnist_growth.digits import PixelStatistics
from mnist_growth.growth import OperatorName, Probe, operator_named, widen_together
from mnist_growth.inspection.landscape import embedded, embedded_in_last
from mnist_growth.network import GrowingMLP

LABORATORY = Laboratory()
PIXELS = PixelStatistics(0.13, 0.31, count=100)


def grown(network, counts, operator):
    """A network after a growth and some training."""
    rule = operator_named(operator, Probe(IMAGES, LABELS))
    [wider], _ = widen_together([network], counts, rule, torch.Generator().manual_seed(3))
    return wider


def trained_on(network, seed):
    """The same network with other weights and running statistics."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
    for _ in range(3):
        network.train()(IMAGES)
    return network.eval()


@pytest.mark.parametrize(("operator", "batch_norm"), list(itertools.product(get_args(OperatorName), [True, False])))
def test_the_function_is_preserved_through_two_growths_of_every_operator(operator, batch_norm):
    """Also that of `random`: an embedding does not use the outgoing weights that units were born with."""
    first, _ = LABORATORY.train((7, 5), batch_norm=batch_norm)
    second = trained_on(grown(first, [4, 3], operator), seed=1)
    last = trained_on(grown(second, [0, 6], operator), seed=2)
    first.eval()

    found = list(embedded_in_last([first, second, last]))

    for network, original in zip(found, (first, second, last), strict=True):
        assert network.widths == (11, 14)
        with torch.no_grad():
            assert (network(IMAGES) - original(IMAGES)).abs().max() <= 1e-12
    assert all(torch.equal(a, b) for a, b in zip(found[2].parameters(), last.parameters(), strict=True))


@pytest.mark.parametrize("operator", get_args(OperatorName))
def test_it_is_preserved_for_a_network_with_a_bypass(operator):
    narrow = Bypass(BypassSpec(sizes=(7, 5)), PIXELS, torch.Generator().manual_seed(1)).double().eval()
    wide = trained_on(grown(narrow, [4, 3], operator), seed=1)

    found = embedded(narrow, wide)

    assert found.widths == (11, 8)
    with torch.no_grad():
        assert (found(IMAGES) - narrow(IMAGES)).abs().max() <= 1e-12


def test_new_units_are_as_they_were_born_and_old_ones_keep_their_weights():
    narrow, _ = LABORATORY.train((7, 5))
    narrow.eval()
    wide = grown(narrow, [4, 3], "zero_fan_out")

    found = embedded(narrow, wide)

    # This operator gives new units outgoing weights of zero: the embedding is the network after the growth itself.
    for name, tensor in wide.state_dict().items():
        assert torch.equal(found.state_dict()[name], tensor), name
    assert torch.equal(found.hidden[1].linear.weight[:5, :7], narrow.hidden[1].linear.weight)
    assert found.hidden[1].linear.weight[5:].abs().min() > 0


def test_the_path_takes_the_birth_from_the_first_wider_network():
    narrow = GrowingMLP((3,), generator=torch.Generator().manual_seed(0)).double().eval()
    born = grown(narrow, [2], "zero_fan_out")
    later = trained_on(grown(narrow, [2], "zero_fan_out"), seed=4)

    [found, *_] = embedded_in_last([narrow, born, later])

    assert torch.equal(found.hidden[0].linear.weight[3:], born.hidden[0].linear.weight[3:])


def test_the_networks_are_left_as_they_were(unchanged):
    narrow = GrowingMLP((3,), generator=torch.Generator().manual_seed(0)).train()
    wide = grown(narrow, [2], "zero_fan_out")
    with unchanged(narrow), unchanged(wide):
        embedded(narrow, wide)


def test_a_network_that_became_narrower_is_refused():
    narrow, wide = (GrowingMLP(widths).eval() for widths in ((4, 4), (5, 3)))

    with pytest.raises(ValueError, match=r"widths \[4, 4\] cannot be embedded in one of \[5, 3\]"):
        embedded(narrow, wide)
    with pytest.raises(ValueError, match="the same layers"):
        embedded(GrowingMLP((4,)), GrowingMLP((4, 4)))
