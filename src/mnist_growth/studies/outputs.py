"""What strategies and methods look at: probabilities, and the inputs of the output layer."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mnist_growth.network import Network, evaluation_mode, record

_CHUNK = 500  # images per forward pass


@torch.inference_mode()
def outputs(
    network: Network, images: NDArray[np.uint8], *, with_features: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return probabilities, float32 [N, C], and inputs of the output layer, float32 [N, D], of images.

    Args:
        network: It is not changed.
        images: uint8 [N, 28, 28].
        with_features: Whether the inputs of the output layer are needed; D is 0 otherwise.

    Raises:
        ValueError: They are needed, and the logits are not those of an affine map.
    """
    layers = [_output_layer(network)] if with_features else []
    probabilities, features = [], []
    with evaluation_mode(network), record(network, inputs=layers) as recorded:
        for start in range(0, len(images), _CHUNK):
            logits = network(torch.from_numpy(np.asarray(images[start : start + _CHUNK])).to(network.device))
            probabilities.append(torch.softmax(logits.float(), dim=1).cpu().numpy())
            features.append(
                recorded.inputs[layers[0]].float().cpu().numpy() if layers else np.empty((len(logits), 0), np.float32)
            )
    return np.concatenate(probabilities), np.concatenate(features)


def _output_layer(network: Network) -> str:
    """Return the name of the affine map that gives the logits."""
    named = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    name, layer = named[-1] if named else ("", nn.Linear(1, 1))
    if layer.out_features != network.classes:
        raise ValueError(
            f"A network of kind {network.spec.kind!r} has no affine map to the logits, which the strategy badge and "
            "the methods linear and centroids need: choose others (active.strategies, active.strategy, meta.methods)"
        )
    return name
