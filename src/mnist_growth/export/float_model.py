"""Export to ONNX in float32."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.export.origin import Origin
from mnist_growth.export.preparation import include_preparation
from mnist_growth.export.seal import seal
from mnist_growth.network import AffineLayer, Network

INPUT, OUTPUT = "images", "logits"
PRODUCER = "mnist-growth"
OPSET, IR_VERSION = 21, 10  # from 2024; onnxruntime 1.18 and later support them


def float_model(network: Network, origin: Origin) -> onnx.ModelProto:
    """Return a model that maps images, uint8 [N, 28, 28], to logits, float32 [N, C], for any N.

    The images are those of the data set before its preparation, as far as the graph can prepare them; see
    `include_preparation`.

    A chain of affine maps becomes one matrix product per layer, with all normalisations folded in; any other network is
    traced by torch's exporter.

    Args:
        network: Network in evaluation mode; it is not changed.
        origin: Origin for the metadata.
    """
    chain = network.affine_chain()
    return finished(trace(network), origin) if chain is None else _chain(chain, origin)


def trace(network: Network) -> onnx.ModelProto:
    """Return the graph of a network as torch's exporter traces it, without origin and preparation."""
    example = torch.zeros(2, IMAGE_SIDE, IMAGE_SIDE, dtype=torch.uint8)
    with without_warnings():  # they concern the exporter, not the network
        program = torch.onnx.export(
            network,
            (example,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("N")},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def finished(model: onnx.ModelProto, origin: Origin) -> onnx.ModelProto:
    """Return a model with what all exports have: origin, preparation as far as possible, and a checksum."""
    model.ir_version = IR_VERSION
    model.producer_name = PRODUCER
    origin.write(model)
    include_preparation(model, origin.preparation)
    onnx.checker.check_model(model, full_check=True)
    seal(model)
    return model


@contextlib.contextmanager
def without_warnings() -> Iterator[None]:
    """Suppress the warnings of a library within the context, whether they are raised or logged."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _chain(layers: Sequence[AffineLayer], origin: Origin) -> onnx.ModelProto:
    """Return the model of affine maps with relu between them."""
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
    """Return a model with the input and output that all exports have, and the preparation that graphs can contain.

    Args:
        name: Name of the graph.
        nodes: Operations from `INPUT`, which are prepared images, to `OUTPUT`.
        constants: Weights and other constants.
        origin: Origin for the metadata.
    """
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", IMAGE_SIDE, IMAGE_SIDE])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", len(origin.class_names)])],
        constants,
    )
    opsets = [helper.make_opsetid("", OPSET)]
    return finished(helper.make_model(graph, opset_imports=opsets), origin)
