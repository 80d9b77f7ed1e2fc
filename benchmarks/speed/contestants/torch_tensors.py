"""A plain PyTorch loop over tensors in memory, with the settings of this project but without growth."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.speed.contestants import TUNED
from benchmarks.speed.race import Race

SETTINGS = "fixed width, batch norm, relu, AdamW with a one-cycle learning rate, float32, tensors without a DataLoader"
ORIGIN = (
    "width, layers, batch, epochs, learning rate, weight decay and label smoothing of this project's recipe for the "
    "goal; no growth, warps or weight averaging; the digits are converted before the start"
)
TUNING = TUNED
MEAN, DEVIATION = 0.1307, 0.3081  # of the training pixels


def run(race: Race, seed: int, recipe: Mapping[str, Any]) -> None:
    """Train in cycles of the learning rate, each as long as the recipe."""
    torch.manual_seed(seed)
    training, width = recipe["training"], recipe["growth"]["max_neurons"]
    images, labels = _pixels(race.digits.train_images), torch.from_numpy(race.digits.train_labels)
    sizes = [784, *[width] * recipe["network"]["hidden_layers"]]
    hidden = [(nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()) for a, b in itertools.pairwise(sizes)]
    model = nn.Sequential(*itertools.chain(*hidden), nn.Linear(width, 10))
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=training["weight_decay"])
    batches, epochs = len(images) // training["batch_size"], training["epochs"]

    @torch.no_grad()
    def predict(images: NDArray[np.uint8]) -> NDArray[np.int64]:
        model.eval()
        return np.asarray(model(_pixels(images)).argmax(1))

    race.start()
    while True:
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, training["learning_rate"], epochs=epochs, steps_per_epoch=batches, pct_start=0.1
        )
        for _ in range(epochs):
            model.train()
            for batch in torch.randperm(len(images))[: batches * training["batch_size"]].view(batches, -1):
                logits = model(images[batch])
                loss = F.cross_entropy(logits, labels[batch], label_smoothing=training["label_smoothing"])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
            race.epoch(predict)


def _pixels(images: NDArray[np.uint8]) -> Tensor:
    """Normalised pixels, float32 [N, 784]."""
    return torch.from_numpy(images).float().flatten(1).div_(255).sub_(MEAN).div_(DEVIATION)
