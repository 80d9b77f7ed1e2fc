"""Products with the Hessian of the loss."""

from collections.abc import Callable

import torch
from torch import Tensor

from mnist_growth.inspection.landscape.weights import WeightSpace

Product = Callable[[Tensor], Tensor]
"""A symmetric matrix as its product with a vector, both float [P]."""

_KEPT = 1_000  # images whose graph of gradients is kept in memory between products


class Hessian:
    """The Hessian of the mean cross-entropy of some images with respect to all trainable parameters.

    The network is in evaluation mode. A product H v is the gradient of v . g, where g is the gradient of the loss
    (Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6, 1994). The graph of g is computed
    once, so that a product costs about four forward passes.

    Args:
        weights: The network, without batch statistics.
        images: uint8 [N, 28, 28].
        labels: int64 [N].
    """

    def __init__(self, weights: WeightSpace, images: Tensor, labels: Tensor) -> None:
        self._weights, self._images, self._labels = weights, images, labels
        self._keep = len(images) <= _KEPT
        self._gradients = list(weights.differentiable_gradients(images, labels)) if self._keep else []

    @property
    def size(self) -> int:
        """Number of trainable parameters, P."""
        return self._weights.size

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the parameters."""
        return self._weights.network.dtype

    def product(self, direction: Tensor) -> Tensor:
        """Return H v, float [P], of v, float [P]."""
        gradients = self._gradients or self._weights.differentiable_gradients(self._images, self._labels)
        total = torch.zeros_like(direction)
        for part in gradients:
            total += self._weights.backward(part, direction, keep=self._keep)
        return total

    def block(self, mask: Tensor) -> Product:
        """Return the diagonal block of some parameters, as products that are 0 elsewhere.

        Args:
            mask: 1 for the parameters of the block, 0 for the others, [P].
        """
        kept = mask.to(self.dtype)
        return lambda direction: self.product(direction * kept).mul_(kept)
