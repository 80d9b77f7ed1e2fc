"""A training loop over a Dataset and a DataLoader, as in the MNIST example of pytorch/examples.

The example uses the dataset of torchvision, which converts every digit to a PIL image, then to a tensor, and normalises
it. This module takes the same steps (torchvision/datasets/mnist.py, transforms ToTensor and Normalize) without
torchvision.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, Dataset

from benchmarks.speed.contestants import EXAMPLE
from benchmarks.speed.race import Race

SETTINGS = "784-512-512-10, relu, dropout 0.2, Adadelta 1.0, x 0.7 every epoch, batch 64, no workers"
ORIGIN = (
    "optimizer, schedule and batch of the MNIST example in pytorch/examples; as there, each digit is converted and "
    "normalised whenever it is loaded, which is counted"
)
TUNING = EXAMPLE
MEAN, DEVIATION = 0.1307, 0.3081


class MNIST(Dataset[tuple[Tensor, int]]):
    """Digits that are converted one at a time."""

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
        self.data, self.targets = torch.from_numpy(images), torch.from_numpy(labels)

    def __len__(self) -> int:
        """Return the number of digits."""
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return a digit, float32 [1, 28, 28], and its class."""
        image, target = Image.fromarray(self.data[index].numpy()), int(self.targets[index])
        return normalise(to_tensor(image)), target


def to_tensor(image: Image.Image) -> Tensor:
    """Convert an image to float32 [1, 28, 28] from 0 to 1."""
    pixels = torch.from_numpy(np.array(image, np.uint8, copy=True)).view(image.size[1], image.size[0], 1)
    return pixels.permute(2, 0, 1).contiguous().to(torch.get_default_dtype()).div(255)


def normalise(image: Tensor) -> Tensor:
    """Shift and scale pixels to mean 0 and deviation 1 over the training set."""
    mean, deviation = torch.as_tensor([MEAN]), torch.as_tensor([DEVIATION])
    return image.clone().sub_(mean.view(-1, 1, 1)).div_(deviation.view(-1, 1, 1))


class Net(nn.Sequential):
    """A perceptron instead of the convolutions of the example."""

    def __init__(self) -> None:
        layers = [nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.2)]
        super().__init__(nn.Flatten(), *layers, nn.Linear(512, 10), nn.LogSoftmax(dim=1))


def run(race: Race, seed: int, _recipe: Mapping[str, Any]) -> None:
    """Train as the example does."""
    torch.manual_seed(seed)
    loader = DataLoader(MNIST(race.digits.train_images, race.digits.train_labels), batch_size=64, shuffle=True)
    model = Net()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = StepLR(optimizer, step_size=1, gamma=0.7)

    @torch.no_grad()
    def predict(images: NDArray[np.uint8]) -> NDArray[np.int64]:
        model.eval()
        pixels = torch.from_numpy(images).float().div(255).sub(MEAN).div(DEVIATION)
        return np.asarray(model(pixels).argmax(1))

    race.start()
    while True:
        model.train()
        for data, target in loader:
            optimizer.zero_grad()
            loss = F.nll_loss(model(data), target)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        race.epoch(predict)
        scheduler.step()
