"""How hard single images are for a trained network: the length of their gradients."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_growth.network.mlp import GrowingMLP
from mnist_growth.network.prediction import CHUNK


def gradient_norms(network: GrowingMLP, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Length of the gradient of each image's own loss with respect to all parameters of the network.

    A digit that the network has learned pulls at nothing; one that it gets wrong pulls hard (Paul et al., "Deep
    Learning on a Data Diet", NeurIPS 2021: the GraNd score, there of networks early in training). One backward pass
    serves a whole chunk of images: the gradient of a weight matrix W of an image is the outer product of the gradient
    at the layer's output and its input, and the length of an outer product is the product of the lengths (Goodfellow,
    "Efficient per-example gradient computations", 2015).

    Args:
        network: It is used in evaluation mode, where an image does not depend on its neighbours, and not changed.
        images: Grey values 0 to 255, uint8 of shape [N, 28, 28], an array or a memory map.
        labels: Class of each, int64 [N].

    Returns:
        float32 [N], 0 or more.
    """
    was_training = network.training
    network.eval()
    seen: list[tuple[nn.Module, Tensor, Tensor]] = []

    def watch(module: nn.Module, given: tuple[Tensor, ...], result: Tensor) -> None:
        if not result.requires_grad:
            result.requires_grad_(True)  # the parameters of a loaded network are frozen
        seen.append((module, given[0], result))

    watched = [module for module in network.modules() if isinstance(module, nn.Linear | nn.BatchNorm1d)]
    hooks = [module.register_forward_hook(watch) for module in watched]
    device = network.output.weight.device
    norms = []
    try:
        for start in range(0, len(images), CHUNK):
            seen.clear()
            with torch.enable_grad():
                logits = network(torch.from_numpy(np.array(images[start : start + CHUNK])).to(device))
                truth = torch.from_numpy(np.array(labels[start : start + CHUNK])).to(device)
                loss = F.cross_entropy(logits, truth, reduction="sum")  # the sum: each image keeps its own gradient
                gradients = torch.autograd.grad(loss, [result for _, _, result in seen])
            squares = sum(
                (
                    _squared_length(module, given.detach(), gradient)
                    for (module, given, _), gradient in zip(seen, gradients, strict=True)
                ),
                start=torch.zeros(len(truth), device=device),
            )
            norms.append(squares.sqrt().float().cpu().numpy())
    finally:
        for hook in hooks:
            hook.remove()
        network.train(was_training)
    return np.concatenate(norms) if norms else np.empty(0, np.float32)


def _squared_length(module: nn.Module, given: Tensor, gradient: Tensor) -> Tensor:
    """Squared length of each image's gradient with respect to the parameters of one layer [B].

    Args:
        module: An affine map or a batch norm, in evaluation mode.
        given: Its inputs [B, inputs].
        gradient: Of the loss with respect to its outputs [B, outputs].
    """
    if isinstance(module, nn.BatchNorm1d):
        assert module.running_mean is not None
        assert module.running_var is not None
        normalised = (given - module.running_mean) * (module.running_var + module.eps).rsqrt()
        return (gradient * normalised).square().sum(1) + gradient.square().sum(1)
    has_bias = isinstance(module, nn.Linear) and module.bias is not None
    return gradient.square().sum(1) * (given.square().sum(1) + float(has_bias))
