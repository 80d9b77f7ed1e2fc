"""The network as an ONNX model of float32 numbers."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mnist_growth.digits.digits import IMAGE_SIDE, NUM_CLASSES
from mnist_growth.export.folding import AffineLayer
from mnist_growth.export.origin import Origin

INPUT, OUTPUT = "images", "logits"
OPSET, IR_VERSION = 21, 10  # of 2024: for onnxruntime 1.18 and later


def float_model(layers: Sequence[AffineLayer], origin: Origin) -> onnx.ModelProto:
    """Return a model that takes images, uint8 [N, 28, 28], and gives logits, float32 [N, 10], for any N.

    Args:
        layers: What ``fold`` gave.
        origin: Goes into the metadata.
    """
    nodes = [
        helper.make_node("Flatten", [INPUT], ["pixels"], axis=1),
        helper.make_node("Cast", ["pixels"], ["activations_0"], to=TensorProto.FLOAT),
    ]
    constants = []
    for position, layer in enumerate(layers):
        weight, bias, sums = f"weight_{position}", f"bias_{position}", f"sums_{position}"
        constants += [
            numpy_helper.from_array(layer.weight.astype(np.float32), weight),
            numpy_helper.from_array(layer.bias.astype(np.float32), bias),
        ]
        is_last = position == len(layers) - 1
        inputs = [f"activations_{position}", weight, bias]
        nodes.append(helper.make_node("Gemm", inputs, [OUTPUT if is_last else sums], transB=1))
        if not is_last:
            nodes.append(helper.make_node("Relu", [sums], [f"activations_{position + 1}"]))
    return assemble("mnist_growth_float32", nodes, constants, origin)


def assemble(
    name: str, nodes: Sequence[onnx.NodeProto], constants: Sequence[TensorProto], origin: Origin
) -> onnx.ModelProto:
    """Put nodes and constants between the input and the output that all our models have."""
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", IMAGE_SIDE, IMAGE_SIDE])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", NUM_CLASSES])],
        constants,
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, producer_name="mnist-growth", opset_imports=opsets, ir_version=IR_VERSION)
    origin.write(model)
    onnx.checker.check_model(model, full_check=True)
    return model
