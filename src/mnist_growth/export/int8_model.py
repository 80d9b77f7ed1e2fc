"""The network as an ONNX model of 8-bit integers: a quarter of the size, and integer products.

A number x is written as x = scale * (q - zero point) with an integer q. Pixels are 8-bit integers already: scale 1.
Activations behind relu are unsigned with zero point 0, so that relu is part of the rounding; weights are signed and
have a scale for each neuron (Jacob et al., "Quantization and training of neural networks for efficient
integer-arithmetic-only inference", CVPR 2018, section 2; Krishnamoorthi, arXiv:1806.08342, section 3 for the scales
per neuron). The model states that with the standard operators QuantizeLinear and DequantizeLinear; a runtime turns
each group of them into one product of integers. The logits stay float32.

x86 processors without VNNI multiply unsigned by signed bytes and add the products in pairs, as 16-bit integers that
saturate (VPMADDUBSW). Weights of 7 bits keep every pair within them: 2 * 255 * 63 = 32,130 < 2^15.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mnist_growth.export.float_model import INPUT, OUTPUT, assemble
from mnist_growth.export.origin import Origin, origin_of
from mnist_growth.machine import vector_instructions
from mnist_growth.network import AffineLayer, IntegerLayer, TrainedNetwork

_LARGEST_ACTIVATION = 255  # of an unsigned byte
_LARGEST_SAFE_WEIGHT = 63  # 2 * 255 * 63 < 2^15
_INT32 = np.iinfo(np.int32)


def int8_model(
    layers: Sequence[AffineLayer], calibration: NDArray[np.uint8], origin: Origin, weight_bits: int
) -> onnx.ModelProto:
    """Return a quantised model that takes images, uint8 [N, 28, 28], and gives logits, float32 [N, C], for any N.

    Args:
        layers: Of ``Network.affine_chain``.
        calibration: Training images, uint8 [M, 28, 28], M >= 1; their largest activations set the scales.
        origin: Goes into the metadata.
        weight_bits: 7, or 8 for a file that only runs on processors which add products of bytes in 32 bits.
    """
    scales = activation_scales(layers, calibration)
    integers = []
    for layer, scale in zip(layers, scales, strict=True):
        codes, steps = _quantise_weight(layer.weight, weight_bits)
        integers.append(IntegerLayer(codes, steps.astype(np.float64), layer.bias, float(scale)))
    return integer_model(integers, origin)


def integer_model(layers: Sequence[IntegerLayer], origin: Origin) -> onnx.ModelProto:
    """Return the model of layers of integers: the products of integers of the network itself.

    Args:
        layers: Of ``Network.integer_chain``, or quantised here.
        origin: Goes into the metadata.
    """
    nodes = [helper.make_node("Flatten", [INPUT], ["quantised_0"], axis=1)]
    constants: list[TensorProto] = []

    def constant(name: str, value: NDArray[np.generic] | np.generic) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    for position, layer in enumerate(layers):
        scale, weight, weight_scale = np.float32(layer.input_step), layer.codes, layer.steps.astype(np.float32)
        bias_scale = weight_scale * scale
        bias = np.clip(np.rint(layer.bias / bias_scale), _INT32.min, _INT32.max).astype(np.int32)
        step = constant(f"scale_{position}", scale)
        zero = constant(f"zero_{position}", np.zeros((), np.uint8))
        # Zero points that the standard could do without: onnxruntime makes no integer product where they are missing.
        quantised_weight = [
            constant(f"weight_{position}", weight),
            constant(f"weight_scale_{position}", weight_scale),
            constant(f"weight_zero_{position}", np.zeros(len(weight), np.int8)),
        ]
        quantised_bias = [
            constant(f"bias_{position}", bias),
            constant(f"bias_scale_{position}", bias_scale),
            constant(f"bias_zero_{position}", np.zeros(len(bias), np.int32)),
        ]
        activations, real_weight, real_bias, sums, positive = (
            f"{name}_{position}" for name in ("activations", "real_weight", "real_bias", "sums", "positive")
        )
        if position:
            nodes.append(
                helper.make_node("QuantizeLinear", [f"positive_{position - 1}", step, zero], [f"quantised_{position}"])
            )
        nodes += [
            helper.make_node("DequantizeLinear", [f"quantised_{position}", step, zero], [activations]),
            helper.make_node("DequantizeLinear", quantised_weight, [real_weight], axis=0),
            helper.make_node("DequantizeLinear", quantised_bias, [real_bias], axis=0),
        ]
        is_last = position == len(layers) - 1
        output = OUTPUT if is_last else sums
        nodes.append(helper.make_node("Gemm", [activations, real_weight, real_bias], [output], transB=1))
        if not is_last:
            nodes.append(helper.make_node("Relu", [sums], [positive]))
    return assemble("mnist_growth_int8", nodes, constants, origin)


def exact_integer_model(trained: TrainedNetwork) -> onnx.ModelProto | None:
    """Return the int8 model that gives the answers of the network on this processor.

    Returns:
        None if the network does not compute with integers, or if the processor would compute them wrongly.
    """
    layers = trained.network.integer_chain()
    if layers is None or ("VNNI" not in vector_instructions() and may_saturate(layers)):
        return None
    return integer_model(layers, origin_of(trained))


def may_saturate(layers: Sequence[IntegerLayer]) -> bool:
    """Return whether sums of two products may leave 16 bits, in which processors without VNNI add them."""
    return max(int(np.abs(layer.codes.astype(np.int16)).max()) for layer in layers) > _LARGEST_SAFE_WEIGHT


def activation_scales(layers: Sequence[AffineLayer], calibration: NDArray[np.uint8]) -> list[np.float32]:
    """Return the step of the integers that stand for the inputs of each layer; 1 for pixels.

    The largest activation of the calibration images becomes the largest integer; what is larger later on is clipped.
    """
    scales = [np.float32(1)]
    activations = calibration.reshape(len(calibration), -1).astype(np.float64)
    for layer in layers[:-1]:
        activations = np.maximum(activations @ layer.weight.T + layer.bias, 0)
        scales.append(np.float32(activations.max() / _LARGEST_ACTIVATION) or np.float32(1))
    return scales


def _quantise_weight(weight: NDArray[np.float64], bits: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Integers, int8 [fan_out, fan_in], and the step of each row, float32 [fan_out]."""
    largest = 2 ** (bits - 1) - 1
    scale = (np.abs(weight).max(axis=1) / largest).astype(np.float32)
    scale[scale == 0] = 1  # a row of zeros, or of numbers that are none in float32
    return np.clip(np.rint(weight / scale[:, np.newaxis]), -largest, largest).astype(np.int8), scale
