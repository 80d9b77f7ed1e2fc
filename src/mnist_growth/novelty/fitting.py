"""Training of a novelty detector."""

import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_growth.learning import GrowingAdamW
from mnist_growth.network import TrainedNetwork
from mnist_growth.novelty.config import NoveltyConfig
from mnist_growth.novelty.detector import NoveltyDetector, raw_scores
from mnist_growth.novelty.features import Features
from mnist_growth.progress import track

BATCH_SIZE = 256
LEARNING_RATE = 4e-3  # the highest of a schedule with a linear warm-up and half a cosine
WARMUP = 0.3  # fraction of the updates
QUANTILES = 1000
SAMPLE = 2000
"""Largest number of known images by which the features are scaled."""


def fit_detector(
    trained: TrainedNetwork,
    known: NDArray[np.uint8],
    outliers: NDArray[np.uint8],
    validation: NDArray[np.uint8],
    config: NoveltyConfig,
) -> NoveltyDetector:
    """Train a perceptron on the features of a network to tell known digits from outliers.

    The network is not changed: this is outlier exposure (Hendrycks, Mazeika and Dietterich 2019) applied to a detector
    beside it. The scores of validation digits, which neither the network nor the detector has learned, calibrate it.

    Args:
        trained: The network.
        known: Prepared training images, uint8 [N, 28, 28].
        outliers: Images that are unlike the training images, uint8 [M, 28, 28].
        validation: Prepared validation images, uint8 [V, 28, 28].
        config: Size and training of the perceptron.
    """
    features = Features(trained.network)
    center, scale = _scaling(features(known[:: math.ceil(len(known) / SAMPLE)]))
    layers = _train(_inputs(features, known, outliers, center, scale), len(known), config)
    with torch.inference_mode():
        outputs = raw_scores(layers, features(validation).sub_(center).mul_(scale))
        ranks = torch.linspace(0, len(outputs) - 1, min(QUANTILES, len(outputs))).round().long()
        quantiles = outputs.sort().values[ranks]
    return NoveltyDetector(trained.sha256, trained.dataset, center.clone(), scale.clone(), layers, quantiles.clone())


@torch.inference_mode()
def _scaling(sample: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean of each feature [D], and one over their mean standard deviation [], of features [N, D]."""
    return sample.mean(0), 1 / sample.std(0).mean().clamp(min=1e-6)


@torch.inference_mode()
def _inputs(
    features: Features, known: NDArray[np.uint8], outliers: NDArray[np.uint8], center: Tensor, scale: Tensor
) -> Tensor:
    """Return the scaled features of known images and outliers, [N + M, D].

    They are float16: 125 MB at the default size, the most that a default run holds at one time.
    """
    inputs = torch.empty(len(known) + len(outliers), len(center), dtype=torch.float16)
    for images, part in ((known, inputs[: len(known)]), (outliers, inputs[len(known) :])):
        for rows, found in features.chunks(images):
            part[rows] = found.sub_(center).mul_(scale)
    return inputs


def _train(inputs: Tensor, known: int, config: NoveltyConfig) -> tuple[tuple[Tensor, Tensor], ...]:
    """Return the layers of a perceptron with two hidden layers whose output is positive for outliers.

    An epoch has all known images, and the outliers about as often: each of them several times if there are fewer.

    Args:
        inputs: Float of any precision [N, D]: known images, then outliers.
        known: Number of known images.
        config: Size and training of the perceptron.
    """
    generator = torch.Generator().manual_seed(config.seed)
    sizes = [inputs.shape[1], config.units, config.units, 1]
    layers = [_layer(fan_in, fan_out, generator) for fan_in, fan_out in pairwise(sizes)]
    module = nn.ParameterList([tensor for layer in layers for tensor in layer])
    optimizer = GrowingAdamW(module)  # the first optimizer of torch.optim imports its compiler: seconds, and 100 MB
    outliers = torch.arange(known, len(inputs)).repeat(max(1, round(known / (len(inputs) - known))))
    rows = torch.cat([torch.arange(known), outliers])
    batch_size = min(BATCH_SIZE, len(rows))
    steps = config.epochs * (len(rows) // batch_size)
    done = 0
    for _ in track(range(config.epochs), config.epochs):
        order = rows[torch.randperm(len(rows), generator=generator)]
        for chosen in torch.split(order[: len(order) // batch_size * batch_size], batch_size):
            optimizer.zero_grad()
            outputs = raw_scores(layers, inputs[chosen].float())
            nn.functional.binary_cross_entropy_with_logits(outputs, (chosen >= known).float()).backward()  # type: ignore[no-untyped-call]
            done += 1
            optimizer.step(_learning_rate(done / steps))
    return tuple((weight.detach(), bias.detach()) for weight, bias in layers)


def _learning_rate(progress: float) -> float:
    """Return the learning rate after a fraction of the updates."""
    if progress < WARMUP:
        return LEARNING_RATE * progress / WARMUP
    return LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * (progress - WARMUP) / (1 - WARMUP)))


def _layer(fan_in: int, fan_out: int, generator: torch.Generator) -> tuple[nn.Parameter, nn.Parameter]:
    """Return weights as ``torch.nn.Linear`` draws them, and a bias of zeros."""
    limit = fan_in**-0.5
    weight = torch.empty(fan_out, fan_in).uniform_(-limit, limit, generator=generator)
    return nn.Parameter(weight), nn.Parameter(torch.zeros(fan_out))
