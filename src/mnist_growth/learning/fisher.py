"""The diagonal of the Fisher information: how much the answers of a network depend on each of its weights."""

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from mnist_growth.network import Network, evaluation_mode, has_vector_layers, trace_layers

_CHUNK = 500  # images at once where the diagonal has a formula
_EXAMPLES = 25  # images at once whose gradients are held in full


@torch.no_grad()
def fisher_diagonal(network: Network, images: Tensor, classes: Tensor) -> dict[str, Tensor]:
    """Return F_i = E_x E_y~p(y|x) (d log p(y|x) / d theta_i)^2, the mean over some images.

    The expectation over the answers y is computed exactly, from the probabilities of the network. The empirical Fisher
    information, with the true labels in place of y, vanishes for images that the network has learned, and is no
    estimate of it (Kunstner, Balles and Hennig, "Limitations of the empirical Fisher approximation", NeurIPS 2019).

    In a network of affine maps and batch norms one backward pass for each class serves a whole chunk of images: the
    gradient of a weight matrix for an image is the outer product of the gradient g at the layer's output and its input
    h, so that the sum of its squares over images is (g^2)^T h^2. In others, the gradient of each image is computed in
    full.

    Args:
        network: Used in evaluation mode, where an image does not depend on others, and not changed.
        images: uint8 [N, 28, 28], N >= 1.
        classes: bool [C]: the classes that are possible for these images; the others have probability 0.

    Returns:
        Of each parameter, by its name, of its shape and dtype.
    """
    has_formula = has_vector_layers(network)
    total = {name: torch.zeros_like(parameter) for name, parameter in network.named_parameters()}
    impossible = ~classes.to(network.device)
    add = _add_by_formula if has_formula else _add_one_by_one
    with evaluation_mode(network):
        for chunk in torch.split(images, _CHUNK if has_formula else _EXAMPLES):
            add(total, network, chunk.to(network.device), impossible)
    return {name: value / len(images) for name, value in total.items()}


def _add_by_formula(total: dict[str, Tensor], network: Network, images: Tensor, impossible: Tensor) -> None:
    """Add the squared gradients of some images from one backward pass for each class."""
    with torch.enable_grad(), trace_layers(network) as layers:
        logits = network(images)
    outputs = [layer.outputs for layer in layers]
    probabilities = logits.detach().masked_fill(impossible, -torch.inf).softmax(1)
    for label in (~impossible).nonzero().flatten().tolist():
        score = -probabilities
        score[:, label] += 1  # gradient of log p(label) with respect to the logits
        weighted = score * probabilities[:, label, None].sqrt()
        gradients = torch.autograd.grad(logits, outputs, weighted, retain_graph=True)
        for layer, gradient in zip(layers, gradients, strict=True):
            squares = gradient.square()
            if isinstance(layer.module, nn.BatchNorm1d):
                total[f"{layer.name}.weight"] += (squares * layer.normalised.square()).sum(0)
            else:
                total[f"{layer.name}.weight"] += squares.t() @ layer.inputs.square()
            if layer.module.bias is not None:
                total[f"{layer.name}.bias"] += squares.sum(0)


def _add_one_by_one(total: dict[str, Tensor], network: Network, images: Tensor, impossible: Tensor) -> None:
    """Add the squared gradients of some images from the gradients themselves."""
    parameters = {name: parameter.detach() for name, parameter in network.named_parameters()}
    buffers = dict(network.named_buffers())

    def log_probability(weights: dict[str, Tensor], image: Tensor, label: int) -> Tensor:
        logits = functional_call(network, (weights, buffers), (image.unsqueeze(0),))
        score: Tensor = logits.masked_fill(impossible, -torch.inf).log_softmax(1)[0, label]
        return score

    probabilities = network(images).masked_fill(impossible, -torch.inf).softmax(1)
    for label in (~impossible).nonzero().flatten().tolist():
        gradients = vmap(grad(log_probability), in_dims=(None, 0, None))(parameters, images, label)
        for name, gradient in gradients.items():
            total[name] += torch.tensordot(probabilities[:, label], gradient.square(), dims=1)
