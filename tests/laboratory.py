"""Random digits, and what is done with a network in most tests of growth."""

import torch

from mnist_growth.digits import PixelStatistics
from mnist_growth.growth import Probe, operator_named, widen_together
from mnist_growth.learning import GrowingAdamW
from mnist_growth.network import MLPSpec, build

IMAGES = torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 10, (64,), generator=torch.Generator().manual_seed(1))


class Laboratory:
    """Random digits, and what is done with a network in most tests of growth."""

    images, labels = IMAGES, LABELS
    probe = Probe(IMAGES, LABELS)

    def build(self, spec, dtype=torch.float64, seed=0):
        """A network of any kind with its initial weights."""
        return build(spec, PixelStatistics(0.13, 0.31, count=100), torch.Generator().manual_seed(seed)).to(dtype)

    def train(self, widths, batch_norm=True, dtype=torch.float64, seed=0, steps=3):
        """A perceptron that has left its initial weights, with an optimizer that has moments."""
        return self.train_any(MLPSpec(hidden_widths=tuple(widths), batch_norm=batch_norm), dtype, seed, steps)

    def train_any(self, spec, dtype=torch.float64, seed=0, steps=3):
        """A network of any kind that has left its initial weights, with an optimizer that has moments."""
        network = self.build(spec, dtype, seed)
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
