"""Digits and networks whose Hessian can be written down."""

import torch
import torch.nn.functional as F
from torch.func import functional_call, grad, jacrev


def small_digits(count=12, seed=0):
    """Images with ink in a few pixels, and labels."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.zeros(count, 28, 28, dtype=torch.uint8)
    images[:, 10:13, 10:13] = torch.randint(0, 256, (count, 3, 3), generator=generator, dtype=torch.uint8)
    return images, torch.arange(count) % 10


def exact_hessian(network, images, labels):
    """The Hessian [P, P], of all second derivatives."""
    shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
    sizes = [shape.numel() for shape in shapes.values()]

    def loss(vector):
        parts = vector.split(sizes)
        tensors = {name: part.view(shape) for part, (name, shape) in zip(parts, shapes.items(), strict=True)}
        return F.cross_entropy(functional_call(network, tensors, (images,)), labels)

    return jacrev(grad(loss))(torch.cat([parameter.detach().flatten() for parameter in network.parameters()]))
