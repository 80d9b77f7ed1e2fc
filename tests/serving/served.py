"""What the tests of the service share: a source of networks, and images as a client sends them."""

import base64
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_growth.network import TrainedNetwork
from mnist_growth.serving import ServedModel


@dataclass
class Source:
    """Gives versions 1, 2, ... of a network; fails where it is told to."""

    trained: TrainedNetwork
    failure: Exception | None = None
    loaded: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(self) -> ServedModel:
        if self.failure is not None:
            raise self.failure
        self.loaded += 1
        return ServedModel.of(self.trained, str(self.loaded), **self.options)


def png(pixels: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()
