"""The network served by LitServe, with the same requests, answers and image decoding as our service.

`python -m benchmarks.serving.litserve_service FILE PORT`; LitServe imports this module in its worker process.
"""

import base64
import sys
from pathlib import Path

import litserve
import numpy as np
import torch
from numpy.typing import NDArray

from mnist_growth.digits import read_digit
from mnist_growth.network import load_network
from mnist_growth.serving import TorchPredictor

MAX_BATCH = 64
BATCH_TIMEOUT = 0.0  # seconds that a request waits for others; 0.001 and 0.01 did not increase the requests per second


class Digits(litserve.LitAPI):
    """Answers as our service does."""

    def __init__(self, network: Path) -> None:
        super().__init__(max_batch_size=MAX_BATCH, batch_timeout=BATCH_TIMEOUT)
        self.network = network

    def setup(self, device: str) -> None:  # noqa: ARG002
        """Load the network in the worker."""
        torch.set_num_threads(1)
        self.predictor = TorchPredictor(load_network(self.network).network)

    def decode_request(self, request: dict[str, str]) -> NDArray[np.uint8]:
        """Decode the image."""
        return read_digit(base64.b64decode(request["image"]))

    def batch(self, inputs: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Stack the images."""
        return np.stack(inputs)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probabilities."""
        return self.predictor(images)

    def unbatch(self, output: NDArray[np.float32]) -> list[list[float]]:
        """Split the probabilities by image."""
        return [list(row) for row in output.tolist()]

    def encode_response(self, output: list[float]) -> dict[str, object]:
        """Return the answer for one image."""
        confidence = max(output)
        return {"prediction": output.index(confidence), "confidence": confidence, "probabilities": output}


if __name__ == "__main__":
    server = litserve.LitServer(Digits(Path(sys.argv[1])), accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", generate_client_file=False, num_api_servers=1
    )
