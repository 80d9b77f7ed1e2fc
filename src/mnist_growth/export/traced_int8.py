"""Export of any network to ONNX with matrix products of 8-bit integers."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from mnist_growth.export.float_model import INPUT, finished, without_warnings
from mnist_growth.export.origin import Origin

_PRODUCTS = ["Gemm", "MatMul"]
_CHUNK = 100  # images per forward pass of the calibration


def traced_int8_model(
    traced: onnx.ModelProto, calibration: NDArray[np.uint8], origin: Origin, weight_bits: int
) -> onnx.ModelProto:
    """Return a quantised model that takes images, uint8 [N, 28, 28], and gives logits, float32 [N, C], for any N.

    onnxruntime quantises the inputs and the weights of the matrix products of a traced network, the weights with one
    step for each unit (Jacob et al. 2018, section 2). All other operations stay in float32.

    Args:
        traced: Of ``trace``, with the network in evaluation mode; it is not changed.
        calibration: Training images, uint8 [M, 28, 28], M >= 1; their smallest and largest activations set the scales.
        origin: Goes into the metadata.
        weight_bits: 7, or 8 for a file that only runs on processors which add products of bytes in 32 bits.
    """
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    graph = onnx.ModelProto()
    graph.CopyFrom(traced)
    with tempfile.TemporaryDirectory() as folder, without_warnings():
        path = Path(folder) / "quantised.onnx"
        quantize_static(
            graph,
            path,
            _Batches(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=_PRODUCTS,
            per_channel=True,
            reduce_range=weight_bits == 7,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
        model = onnx.load(path)
    return finished(model, origin)


class _Batches:
    """Images in the form in which onnxruntime reads them for its calibration."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self._inputs: Iterator[dict[str, NDArray[np.uint8]]] = (
            {INPUT: images[start : start + _CHUNK]} for start in range(0, len(images), _CHUNK)
        )

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """Return the next input, or None after the last one."""
        return next(self._inputs, None)
