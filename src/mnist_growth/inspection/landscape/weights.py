"""The loss as a function of all trainable parameters of a network, as one vector."""

import copy
from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mnist_growth.network import Network
from mnist_growth.network.prediction import Score

CHUNK = 500
"""Images per forward pass, to limit memory."""


class WeightSpace:
    """Evaluates a network at any vector of its trainable parameters; works on a copy of the network.

    Args:
        network: Gives the kind, the sizes and the buffers; not changed.
        batch_statistics: Whether batch norms normalise with the statistics of the images at hand instead of their
            running statistics, which only fit the parameters that they were measured with. The other modules are always
            in evaluation mode.
    """

    def __init__(self, network: Network, *, batch_statistics: bool = False) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(True)
        for parameter in self.network.parameters():
            parameter.grad = None
        self._parameters = list(self.network.parameters())
        self.batch_statistics = batch_statistics and any(isinstance(m, _BatchNorm) for m in self.network.modules())
        if self.batch_statistics:
            for module in self.network.modules():
                module.training = isinstance(module, _BatchNorm)

    @property
    def size(self) -> int:
        """Number of trainable parameters, P."""
        return sum(parameter.numel() for parameter in self._parameters)

    def vector(self) -> Tensor:
        """Return the present parameters, float [P], in the order of ``Network.parameters``."""
        return nn.utils.parameters_to_vector(self._parameters).detach()

    def parts(self, vector: Tensor) -> list[Tensor]:
        """Return views of a vector [P] in the shapes of the parameters."""
        sizes = [parameter.numel() for parameter in self._parameters]
        return [
            part.view_as(parameter)
            for part, parameter in zip(torch.split(vector, sizes), self._parameters, strict=True)
        ]

    @torch.no_grad()
    def move_to(self, vector: Tensor) -> None:
        """Set the parameters of the copy."""
        for parameter, part in zip(self._parameters, self.parts(vector), strict=True):
            parameter.copy_(part)

    @torch.no_grad()
    def score(self, images: Tensor, labels: Tensor, vector: Tensor | None = None) -> Score:
        """Return mean cross-entropy (nats) and accuracy at a vector, or at the present parameters.

        Args:
            images: uint8 [N, 28, 28], on the device of the network; N >= 2 with batch statistics, which are those of
                all N images together.
            labels: int64 [N].
            vector: float [P].
        """
        if vector is not None:
            self.move_to(vector)
        logits = torch.cat([self.network(part) for part, _ in self._chunks(images, labels)]).double()
        return Score(
            loss=float(F.cross_entropy(logits, labels)),
            accuracy=float((logits.argmax(1) == labels).double().mean()),
        )

    def gradient(self, images: Tensor, labels: Tensor, vector: Tensor | None = None) -> Tensor:
        """Return the gradient of the mean cross-entropy, float [P], at a vector or at the present parameters."""
        if vector is not None:
            self.move_to(vector)
        total = torch.zeros(self.size, dtype=self.network.dtype, device=self.network.device)
        for part, truth in self._chunks(images, labels):
            total += flat(torch.autograd.grad(self._share(part, truth, len(labels)), self._parameters))
        return total

    def differentiable_gradients(self, images: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, ...]]:
        """Yield the gradients of the chunks, which can be differentiated again; their sum is that of the mean loss."""
        for part, truth in self._chunks(images, labels):
            yield torch.autograd.grad(self._share(part, truth, len(labels)), self._parameters, create_graph=True)

    def backward(self, gradients: tuple[Tensor, ...], direction: Tensor, *, keep: bool) -> Tensor:
        """Return the derivative of gradient times direction, float [P].

        Args:
            gradients: Of ``differentiable_gradients``.
            direction: float [P].
            keep: Whether the gradients are differentiated again.
        """
        parts = self.parts(direction)
        depends = [index for index, gradient in enumerate(gradients) if gradient.requires_grad]
        found = torch.autograd.grad(
            [gradients[index] for index in depends],
            self._parameters,
            [parts[index] for index in depends],
            retain_graph=keep,
            materialize_grads=True,
        )
        return flat(found)

    def _share(self, images: Tensor, labels: Tensor, count: int) -> Tensor:
        """Return the part of the mean cross-entropy of ``count`` images that some of them make up."""
        return F.cross_entropy(self.network(images), labels, reduction="sum") / count

    def _chunks(self, images: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        size = len(images) if self.batch_statistics else CHUNK
        return zip(torch.split(images, size), torch.split(labels, size), strict=True)


def flat(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors as one vector."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
