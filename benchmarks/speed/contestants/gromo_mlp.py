"""The growing perceptron of gromo, trained and grown with the functions of gromo, as in its tutorial.

After each epoch of gradient descent one layer gains neurons: those that decrease the loss the most according to the
statistics of the gradient, at the scale that a line search selects.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from gromo.containers.growing_mlp import GrowingMLP
from gromo.utils.training_utils import compute_statistics, evaluate_model, gradient_descent
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.speed.contestants import EXAMPLE
from benchmarks.speed.race import Race

HIDDEN_LAYERS, WIDTH, NEW_NEURONS, GROWTHS = 2, 128, 64, 4
BATCHES = 50  # of 128 images, for the statistics and for each step of the line search; more would take longer
SCALES = (0.0, 0.1, 0.5, 1.0)  # as in the tutorial
SETTINGS = (
    f"GrowingMLP of {HIDDEN_LAYERS} layers of {WIDTH}, relu, Adam 0.001, batch 128, tensors in memory; after each of "
    f"the first {GROWTHS} epochs one layer grows by up to {NEW_NEURONS} neurons"
)
ORIGIN = (
    "procedure of the gromo tutorial; depth and widths as in this project's recipe for 98 %; the digits are converted "
    "before the start"
)
TUNING = EXAMPLE


def run(race: Race, seed: int, _recipe: Mapping[str, Any]) -> None:
    """Alternate training and growth."""
    warnings.filterwarnings("ignore", "Using the pseudo-inverse", UserWarning)  # pixels that are always 0
    torch.manual_seed(seed)
    pixels = _pixels(race.digits.train_images)
    loader = DataLoader(TensorDataset(pixels, torch.from_numpy(race.digits.train_labels)), 128, shuffle=True)
    model = GrowingMLP(784, 10, WIDTH, HIDDEN_LAYERS, activation=nn.ReLU(), device=torch.device("cpu"))

    @torch.no_grad()
    def predict(images: NDArray[np.uint8]) -> NDArray[np.int64]:
        model.eval()
        return np.asarray(model(_pixels(images)).argmax(1))

    race.start()
    for epoch in range(1_000_000):
        if 0 < epoch <= GROWTHS:
            grow(model, loader, (epoch - 1) % HIDDEN_LAYERS, NEW_NEURONS)
        if epoch <= GROWTHS:  # a new Adam: the parameters have been replaced
            optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
        gradient_descent(model, loader, optimizer, None, nn.CrossEntropyLoss())
        race.epoch(predict)


def grow(model: GrowingMLP, loader: Iterable[Sequence[Tensor]], layer: int, count: int) -> None:
    """Add neurons in front of a growable layer.

    Args:
        model: Network that is grown in place.
        loader: Batches of pixels and labels; each step uses the first `BATCHES` of them.
        layer: Index of the hidden layer that becomes wider, from 0.
        count: Largest number of new neurons.
    """
    model.set_growing_layers(index=layer)
    compute_statistics(model, loader, nn.CrossEntropyLoss(reduction="sum"), batch_limit=BATCHES)
    model.compute_optimal_updates(maximum_added_neurons=count)
    model.reset_computation()
    model.dummy_select_update()
    losses = []
    for scale in SCALES:
        model.set_scaling_factor(scale)
        loss, _ = evaluate_model(model, loader, nn.CrossEntropyLoss(), use_extended_model=True, batch_limit=BATCHES)
        losses.append(loss)
    best = SCALES[int(np.argmin(losses))]
    if best > 0:
        model.set_scaling_factor(best)
        model.apply_change()
    else:
        model.currently_updated_layer.delete_update()


def _pixels(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images).float().div_(255).sub_(0.1307).div_(0.3081)
