"""What a network costs and is worth: one row of the table of compression."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mnist_growth.compression.latency import Latency
from mnist_growth.network import PackedSpec, TrainedNetwork, save_network

FLOAT_BITS = 32


def network_bytes(trained: TrainedNetwork) -> int:
    """Return the size of the file of a network."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.safetensors"
        save_network(path, trained)
        return path.stat().st_size


def compression_row(
    name: str, trained: TrainedNetwork, *, validation_accuracy: float, accuracy: float, latency: Latency
) -> dict[str, Any]:
    """Return the row of a network.

    Args:
        name: Of the candidate.
        trained: The network.
        validation_accuracy: On the validation digits; the choice is made with it.
        accuracy: On the test digits.
        latency: Of one image.

    Returns:
        ``name``; ``accuracy`` and ``validation_accuracy`` (fractions of 1); ``bytes`` of the file; ``parameters``
        (weights that are not zero, biases, scales); ``sparsity``, the share of the weights of matrices that are zero;
        ``weight_bits`` of the hidden layers; ``multiply_adds`` of one image, without those of zero weights;
        ``latency_milliseconds`` of one image with the ``backend`` that is fastest on this machine; ``widths``.
    """
    spec = trained.network.spec
    matrices = [weight for weight in trained.network.parameters() if weight.ndim > 1]
    total, zeros = (sum(counted) for counted in zip(*map(_counts, matrices), strict=True))
    # A packed network counts its zeros itself.
    multiply_adds = spec.forward_multiply_adds - (0 if isinstance(spec, PackedSpec) else zeros)
    parameters = spec.parameter_count - (0 if isinstance(spec, PackedSpec) else zeros)
    return {
        "name": name,
        "accuracy": accuracy,
        "validation_accuracy": validation_accuracy,
        "bytes": network_bytes(trained),
        "parameters": parameters,
        "sparsity": zeros / total,
        "weight_bits": spec.weight_bits[0] if isinstance(spec, PackedSpec) else FLOAT_BITS,
        "multiply_adds": multiply_adds,
        "latency_milliseconds": latency.milliseconds,
        "backend": latency.backend,
        "widths": "-".join(map(str, trained.network.widths)),
    }


def _counts(weight: torch.Tensor) -> tuple[int, int]:
    return weight.numel(), weight.numel() - int(np.count_nonzero(weight.detach().numpy()))
