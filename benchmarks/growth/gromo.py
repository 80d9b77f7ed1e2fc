"""GrowingMLP of gromo in the growth benchmark, grown with the functions of gromo; everything else as for the others.

Digits, split, warps, batches, learning-rate schedule, weight decay and weight averaging are the same as for our
networks. As in the tutorials of gromo, it has no batch norm, and its optimizer is created again at each growth. It
gets as many multiply-adds, and grows after the same shares of them, by at most as many neurons. Where it adds fewer,
an epoch is cheaper, and it trains for more epochs.
"""

import itertools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from gromo.containers.growing_mlp import GrowingMLP
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.speed.contestants.gromo_mlp import BATCHES, grow
from mnist_growth.digits import NUM_CLASSES, apply_warps, draw_warps, pixel_statistics
from mnist_growth.growth import planned_widths
from mnist_growth.training import Training, learning_rate, warp_strength

RATE = 0.5  # learning rate relative to ours, since it has no batch norm


@dataclass
class GromoTraining:
    """A network of gromo in training.

    Attributes:
        training: Digits and parameters; its network is not trained.
        multiply_adds: Multiply-adds of the training batches so far, without the statistics and line searches of growth.
        growths: Epoch, from 1, and widths of the hidden layers after each growth.
        curve: Multiply-adds and validation accuracy after each epoch.
    """

    training: Training

    def __post_init__(self) -> None:
        setup = self.training.setup
        warnings.filterwarnings("ignore", "Using the pseudo-inverse", UserWarning)  # pixels that are always 0
        torch.manual_seed(setup.training.seed)
        self.generator = torch.Generator().manual_seed(setup.training.seed)
        data = self.training.data
        self.pixels = pixel_statistics(data.images.numpy(), data.train.numpy())
        self.layers = len(setup.initial_spec.widths)
        self.model = GrowingMLP(
            784,
            NUM_CLASSES,
            setup.growth.initial_neurons,
            self.layers,
            activation=nn.ReLU(),
            device=torch.device("cpu"),
        )
        self.multiply_adds, self.wanted = 0, setup.growth.initial_neurons
        planned = [setup.initial_spec.with_widths(self._planned(epoch)) for epoch in range(setup.training.epochs)]
        self.budget = sum(spec.training_multiply_adds for spec in planned) * len(data.train)
        self.growths: list[tuple[int, tuple[int, ...]]] = []
        self.curve: list[tuple[int, float]] = []
        self._restart()

    @property
    def done(self) -> float:
        """Return the multiply-adds spent, in epochs of the recipe."""
        return self.training.setup.training.epochs * self.multiply_adds / self.budget

    @property
    def widths(self) -> tuple[int, ...]:
        """Return the widths of the hidden layers."""
        return tuple(layer.out_features for layer in list(self.model.layers)[: self.layers])

    def run(self) -> None:
        """Train and grow until the multiply-adds are spent."""
        setup, data = self.training.setup, self.training.data
        for epoch in itertools.count(1):
            wanted = self._planned(int(self.done))[0]
            if wanted > self.wanted:
                self._grow_to(wanted)
                self.growths.append((epoch, self.widths))
                self._restart()
            for pixels, labels in self._batches():
                if self.done < setup.training.epochs:
                    self._train(pixels, labels)
            right = self.predict(data.images[data.validation].numpy()) == data.labels[data.validation].numpy()
            self.curve.append((self.multiply_adds, float(np.mean(right))))
            if self.done >= setup.training.epochs:
                return

    @torch.no_grad()
    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the classes int64 [N] of images uint8 [N, 28, 28] according to the averaged weights."""
        self.average.eval()
        return np.concatenate(
            [
                self.average(self._pixels(torch.from_numpy(images[start : start + 1000]))).argmax(1).numpy()
                for start in range(0, len(images), 1000)
            ]
        )

    def _planned(self, epoch: int) -> tuple[int, ...]:
        """Return the widths that our network has in an epoch."""
        setup = self.training.setup
        return planned_widths(epoch, setup.growth, setup.initial_spec)

    def _train(self, pixels: Tensor, labels: Tensor) -> None:
        """Update the weights once."""
        training = self.training.setup.training
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * learning_rate(self.done, training)
        self.optimizer.zero_grad()
        F.cross_entropy(self.model(pixels), labels, label_smoothing=training.label_smoothing).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.average.update_parameters(self.model)
        spec = self.training.setup.initial_spec.with_widths(self.widths)
        self.multiply_adds += len(labels) * spec.training_multiply_adds

    def _grow_to(self, wanted: int) -> None:
        """Widen one hidden layer after the other, by at most what it lacks."""
        self.wanted = wanted
        for layer, width in enumerate(self.widths):
            if wanted > width:
                grow(self.model, list(itertools.islice(self._batches(), BATCHES)), layer, wanted - width)

    def _restart(self) -> None:
        """Create the optimizer and the average again: growth has replaced the parameters."""
        training = self.training.setup.training
        self.optimizer = torch.optim.AdamW(self.model.parameters(), weight_decay=training.weight_decay)
        averaging = get_ema_multi_avg_fn(training.ema_decay)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(self.model, multi_avg_fn=averaging)

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Give warped pixels float32 [B, 784] and labels of an epoch, in random order."""
        data, setup = self.training.data, self.training.setup
        size = setup.training.batch_size
        order = data.train[torch.randperm(len(data.train), generator=self.generator)]
        for start in range(0, len(order) - size + 1, size):
            images, labels = data.batch(order[start : start + size], torch.device("cpu"))
            strength = warp_strength(self.done, setup.training.epochs, setup.warps)
            warps = draw_warps(size, setup.warps, self.generator, strength)
            yield self._pixels(apply_warps(images, warps)), labels

    def _pixels(self, images: Tensor) -> Tensor:
        """Normalise pixels to float32 [N, 784]."""
        pixels = self.pixels
        return images.float().flatten(1).sub_(pixels.mean).div_(pixels.std)
