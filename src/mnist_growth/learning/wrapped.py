"""Objectives that change what another one computes."""

from torch import Tensor

from mnist_growth.learning.objective import BatchResult, Objective


class Wrapped:
    """Another objective, as it is; subclasses change its images or its gradients.

    Args:
        objective: Computes loss and gradients.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective

    def begin(self) -> None:
        """Begin an update; see ``Objective.begin``."""
        self.objective.begin()

    def add(self, images: Tensor, labels: Tensor, share: float = 1.0) -> BatchResult:
        """Add the gradient of the loss of some images; see ``Objective.add``."""
        return self.objective.add(images, labels, share)

    def finish(self) -> None:
        """Complete the gradients; see ``Objective.finish``."""
        self.objective.finish()

    def input_gradient(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the gradient with respect to the pixels; see ``Objective.input_gradient``."""
        return self.objective.input_gradient(images, labels)
