"""The part of the preparation of images that a graph can contain."""

import onnx
from onnx import helper

from mnist_growth.digits import Preparation

_INVERTED = "inverted_images"


def include_preparation(model: onnx.ModelProto, preparation: Preparation) -> None:
    """Invert the images at the start of a model, if the preparation inverts every image.

    The model then takes images of 28 x 28 pixels as they come. The conversion to MNIST form depends on the content of
    an image and cannot be included.

    Args:
        model: Takes prepared images as its only input; it is changed.
        preparation: Of the network.
    """
    if not preparation.inverts:
        return
    graph = model.graph
    [images] = [value.name for value in graph.input]
    for node in graph.node:
        node.input[:] = [_INVERTED if name == images else name for name in node.input]
    # ~x = 255 - x for unsigned bytes.
    graph.node.insert(0, helper.make_node("BitwiseNot", [images], [_INVERTED]))
