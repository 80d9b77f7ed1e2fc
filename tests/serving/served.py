"""What the tests of the service share: a source of networks, a server, and images as a client sends them."""

import base64
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn
from numpy.typing import NDArray
from PIL import Image
from starlette.types import ASGIApp

from mnist_growth.network import TrainedNetwork
from mnist_growth.serving import ServedModel
from mnist_growth.serving.server import bind


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


@contextmanager
def listening(app: ASGIApp, **settings: Any) -> Iterator[int]:
    """Run an application in a thread, with settings of uvicorn; gives its port."""
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", **settings))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()


def png(pixels: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()
