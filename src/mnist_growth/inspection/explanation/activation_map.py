"""Class activation maps: where the units of a layer find their evidence."""

import torch
from torch import Tensor

from mnist_growth.inspection.cohorts import followers
from mnist_growth.inspection.explanation.target import CHUNK
from mnist_growth.inspection.log_odds import log_odds
from mnist_growth.network import Network, record


def activation_map(network: Network, images: Tensor, classes: Tensor, layer: int) -> Tensor:
    """Return the sum over the units of a layer of class weight x activation x incoming weights.

    The class weight of a unit is the gradient of the lead with respect to its activation (Grad-CAM: R. Selvaraju et
    al., ICCV 2017, equation 1). Instead of a place in a feature map, a unit without one has the pixels that it
    depends on: the gradient of its activation with respect to them. In a chain of affine maps and relus these are the
    incoming weights of an active unit of the first layer, and products of weights along the active units in deeper
    ones.

    Args:
        network: In evaluation mode.
        images: Grey values, float [N, 28, 28].
        classes: Explained class of each image, int64 [N].
        layer: One-based number of the group of units.

    Returns:
        Float [N, 28, 28]: ink on positive pixels supports the class, ink on negative ones opposes it.

    Raises:
        ValueError: The units are not followed by affine maps.
    """
    module = followers(network, network.unit_groups()[layer - 1])[0].module
    results = []
    for chunk, some in zip(torch.split(images, CHUNK), torch.split(classes, CHUNK), strict=True):
        with torch.enable_grad(), record(network, inputs=[module]) as recorded:
            pixels = chunk.detach().requires_grad_()
            leads = log_odds(network(pixels), some)
            activations = recorded.inputs[module]
            (weights,) = torch.autograd.grad(leads.sum(), activations, retain_graph=True)
            evidence = weights * activations.detach()
            (found,) = torch.autograd.grad((evidence * activations).sum(), pixels)
        results.append(found)
    return torch.cat(results)
