"""The int8 file computed in numpy from its own integers, with the arithmetic of one or the other processor."""

import numpy as np
import onnx


def constants(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def weights(model: onnx.ModelProto) -> list[np.ndarray]:
    """Int8 [fan_out, fan_in] of each layer."""
    values = constants(model)
    return [values[f"weight_{layer}"] for layer in range(_layers(values))]


def exact_sums(inputs: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return inputs.astype(np.int64) @ weight.T.astype(np.int64)


def sums_without_vnni(inputs: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """VPMADDUBSW, then VPMADDWD: products of two neighbouring bytes are added in 16 bits that saturate."""
    padding = ((0, 0), (0, inputs.shape[1] % 2))
    inputs, weight = (np.pad(array, padding).astype(np.int32) for array in (inputs, weight))
    sums = np.zeros((len(inputs), len(weight)), np.int64)
    for left in range(0, inputs.shape[1], 2):
        pairs = inputs[:, left : left + 2] @ weight[:, left : left + 2].T
        sums += np.clip(pairs, -(2**15), 2**15 - 1)
    return sums


def predict_logits(model: onnx.ModelProto, images: np.ndarray, sums=exact_sums) -> np.ndarray:
    """Logits, float64 [N, 10], of images, uint8 [N, 28, 28]."""
    values = constants(model)
    inputs = images.reshape(len(images), -1)
    for layer, weight in enumerate(weights(model)):
        step = values[f"weight_scale_{layer}"].astype(np.float64) * values[f"scale_{layer}"]
        outputs = (sums(inputs, weight) + values[f"bias_{layer}"]) * step
        if layer + 1 < _layers(values):
            inputs = np.clip(np.rint(outputs / values[f"scale_{layer + 1}"]), 0, 255).astype(np.uint8)
    return outputs


def _layers(values: dict[str, np.ndarray]) -> int:
    return sum(name.startswith("scale_") for name in values)
