"""The network in LitServe: the same questions and answers, image reading and network, written as LitServe wants it.

`python -m benchmarks.serving.litserve_service FILE PORT`; LitServe imports it in its worker.
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
BATCH_TIMEOUT = 0.0  # seconds that a request waits for others; 0.001 and 0.01 gave no more requests a second


class Digits(litserve.LitAPI):
    """Answers as the project's own service does."""

    def __init__(self, network: Path) -> None:
        super().__init__(max_batch_size=MAX_BATCH, batch_timeout=BATCH_TIMEOUT)
        self.network = network

    def setup(self, device: str) -> None:  # noqa: ARG002
        """Load the network, in the worker."""
        torch.set_num_threads(1)
        self.predictor = TorchPredictor(load_network(self.network).network)

    def decode_request(self, request: dict[str, str]) -> NDArray[np.uint8]:
        """Read the image."""
        return read_digit(base64.b64decode(request["image"]))

    def batch(self, inputs: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Put the images together."""
        return np.stack(inputs)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Answer them."""
        return self.predictor(images)

    def unbatch(self, output: NDArray[np.float32]) -> list[list[float]]:
        """Take the answers apart."""
        return [list(row) for row in output.tolist()]

    def encode_response(self, output: list[float]) -> dict[str, object]:
        """One answer in JSON."""
        confidence = max(output)
        return {"digit": output.index(confidence), "confidence": confidence, "probabilities": output}


if __name__ == "__main__":
    server = litserve.LitServer(Digits(Path(sys.argv[1])), accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", generate_client_file=False, num_api_servers=1
    )
