"""Planes in the space of the images, and what a network answers on them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mnist_growth.inspection.explanation.target import CHUNK, Logits


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane in the space of the images.

    Attributes:
        origin: Grey values, float [28, 28].
        axes: Two directions of length 1 at a right angle, float [2, 28, 28].
    """

    origin: Tensor
    axes: Tensor

    def coordinates(self, images: Tensor) -> Tensor:
        """Return the coordinates of the nearest points of the plane, float [N, 2], in grey values."""
        return torch.einsum("nij,kij->nk", images - self.origin, self.axes)

    def images(self, coordinates: Tensor) -> Tensor:
        """Return the points of the plane at coordinates [N, 2], float [N, 28, 28]."""
        return self.origin + torch.einsum("nk,kij->nij", coordinates, self.axes)


def plane_through(points: Tensor) -> Plane:
    """Return the plane through three images, float [3, 28, 28]; its first axis leads from the first to the second.

    Raises:
        ValueError: The images are on one line.
    """
    first, second = points[1] - points[0], points[2] - points[0]
    along = first / first.norm()
    across = second - (second * along).sum() * along
    if not across.norm() > 1e-6 * second.norm():
        raise ValueError("The three images are on one line, which many planes go through: choose other digits")
    return Plane(points[0], torch.stack([along, across / across.norm()]))


def principal_plane(images: Tensor) -> Plane:
    """Return the plane through the mean of images, float [N, 28, 28], along the two directions of largest variance."""
    mean = images.mean(dim=0)
    centred = (images - mean).flatten(1).double()
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    return Plane(mean, directions[:2].reshape(2, *mean.shape).to(images.dtype))


def probabilities_on(network: Logits, plane: Plane, coordinates: Tensor) -> Tensor:
    """Return the probabilities of the classes, float64 [N, C], at coordinates [N, 2] of a plane."""
    with torch.no_grad():
        chunks = [network(plane.images(chunk)).double().softmax(dim=1) for chunk in torch.split(coordinates, CHUNK)]
    return torch.cat(chunks)
