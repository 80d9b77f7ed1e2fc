"""A network computed from the numbers in its file alone, in float64 and without the project's code."""

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a network file by their names."""
    return {name: tensor.astype(np.float64) for name, tensor in load_file(path).items()}


def forward(weights, images, first_layer=0, inputs=None):
    """Activations of each hidden layer and the logits; from a later layer on where its inputs are given."""
    if inputs is None:
        pixels = images.reshape(len(images), -1) / 255
        inputs = (pixels - weights["pixel_mean"]) / weights["pixel_std"]
    outputs = []
    for layer in range(first_layer, 3):
        summed = inputs @ weights[f"hidden.{layer}.linear.weight"].T
        norm = f"hidden.{layer}.norm"
        scaled = (summed - weights[f"{norm}.running_mean"]) / np.sqrt(weights[f"{norm}.running_var"] + 1e-5)
        inputs = np.maximum(scaled * weights[f"{norm}.weight"] + weights[f"{norm}.bias"], 0)
        outputs.append(inputs)
    return outputs, inputs @ weights["output.weight"].T + weights["output.bias"]
