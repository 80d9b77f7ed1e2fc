"""How difficult single images are for a trained network: the length of their gradients."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from mnist_growth.network import Network, TracedLayer, evaluation_mode, has_vector_layers, trace_layers
from mnist_growth.network.prediction import CHUNK
from mnist_growth.progress import track

_EXAMPLES = 50  # images at once whose gradients are held in full, where there is no formula for their length


def gradient_norms(network: Network, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the length of the gradient of each image's own loss with respect to all parameters of the network.

    It is near 0 for a digit that the network has learned, and large for one that it gets wrong (Paul et al., "Deep
    Learning on a Data Diet", NeurIPS 2021: the GraNd score, there of networks early in training).

    In a network of affine maps and batch norms, one backward pass serves a whole chunk of images: the gradient of a
    weight matrix W for an image is the outer product of the gradient at the layer's output and its input, and the
    length of an outer product is the product of the lengths (Goodfellow, "Efficient per-example gradient computations",
    2015). In others, the gradient of each image is computed in full.

    Args:
        network: Used in evaluation mode, where an image does not depend on others, and not changed.
        images: Grey values 0 to 255, uint8 [N, 28, 28], an array or a memory map.
        labels: Class of each, int64 [N].

    Returns:
        float32 [N], 0 or more.
    """
    norms = []
    with evaluation_mode(network):
        has_formula = has_vector_layers(network)
        chunk_size = CHUNK if has_formula else _EXAMPLES
        for start in track(range(0, len(images), chunk_size), len(images), chunk_size):
            chunk = torch.from_numpy(np.array(images[start : start + chunk_size])).to(network.device)
            truth = torch.from_numpy(np.array(labels[start : start + chunk_size])).to(network.device)
            squares = _by_formula(network, chunk, truth) if has_formula else _one_by_one(network, chunk, truth)
            norms.append(squares.sqrt().float().cpu().numpy())
    return np.concatenate(norms) if norms else np.empty(0, np.float32)


def _by_formula(network: Network, images: Tensor, labels: Tensor) -> Tensor:
    """Return the squared length of each image's gradient [B] from one backward pass."""
    with torch.enable_grad(), trace_layers(network) as layers:
        # The sum of the losses: each image keeps its own gradient.
        loss = F.cross_entropy(network(images), labels, reduction="sum")
        gradients = torch.autograd.grad(loss, [layer.outputs for layer in layers])
    return sum(
        (_squared_length(layer, gradient) for layer, gradient in zip(layers, gradients, strict=True)),
        start=torch.zeros(len(labels), device=network.device),
    )


def _one_by_one(network: Network, images: Tensor, labels: Tensor) -> Tensor:
    """Return the squared length of each image's gradient [B], from the gradients themselves."""
    parameters = {name: parameter.detach() for name, parameter in network.named_parameters()}
    buffers = dict(network.named_buffers())

    def loss(weights: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
        logits = functional_call(network, (weights, buffers), (image.unsqueeze(0),))
        return F.cross_entropy(logits, label.unsqueeze(0))

    gradients = vmap(grad(loss), in_dims=(None, 0, 0))(parameters, images, labels)
    return torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients.values()]).sum(0)


def _squared_length(layer: TracedLayer, gradient: Tensor) -> Tensor:
    """Return the squared length of each image's gradient with respect to the parameters of one layer [B].

    Args:
        layer: An affine map or a batch norm, in evaluation mode.
        gradient: Of the loss with respect to its outputs [B, outputs].
    """
    if isinstance(layer.module, nn.BatchNorm1d):
        return (gradient * layer.normalised).square().sum(1) + gradient.square().sum(1)
    has_bias = layer.module.bias is not None
    return gradient.square().sum(1) * (layer.inputs.square().sum(1) + float(has_bias))
