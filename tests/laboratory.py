"""Random digits, and what is done with a network in most tests of growth."""

import torch

from mnist_growth.growth import Probe, operator_named, widen_together
from mnist_growth.learning import GrowingAdamW
from mnist_growth.network import GrowingMLP

IMAGES = torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 10, (64,), generator=torch.Generator().manual_seed(1))


class Laboratory:
    """Random digits, and what is done with a network in most tests of growth."""

    images, labels = IMAGES, LABELS
    probe = Probe(IMAGES, LABELS)

    def train(self, widths, batch_norm=True, dtype=torch.float64, seed=0, steps=3):
        """A network that has left its initial weights, with an optimizer that has moments."""
        network = GrowingMLP(widths, batch_norm=batch_norm, generator=torch.Generator().manual_seed(seed)).to(dtype)
        optimizer = GrowingAdamW(network)
        for _ in range(steps):
            self.descend(network, optimizer)
        return network, optimizer

    def descend(self, network, optimizer, learning_rate=0.01):
        """One step on all images."""
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network.train()(IMAGES), LABELS).backward()
        optimizer.step(learning_rate)

    def widening(self, network, layer, count, operator="zero_fan_out", seed=7):
        """What an operator would do."""
        group = network.unit_groups()[layer]
        return operator_named(operator, self.probe)(network, group, count, torch.Generator().manual_seed(seed))

    def grow(self, networks, counts, operator="zero_fan_out", seed=7):
        """Widen several networks together."""
        generator = torch.Generator().manual_seed(seed)
        return widen_together(networks, counts, operator_named(operator, self.probe), generator)
