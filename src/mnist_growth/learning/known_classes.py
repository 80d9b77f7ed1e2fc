"""A cross-entropy over some of the classes: those that are known to be possible for an image."""

from functools import partial

import torch
from torch import Tensor

from mnist_growth.learning.choice import objective_for
from mnist_growth.learning.loss import CrossEntropy, Loss
from mnist_growth.learning.objective import Objective, ObjectiveFactory
from mnist_growth.network import Network


class KnownClasses:
    """A loss that sees only the logits of possible classes; the others have probability 0 and gradient 0.

    Args:
        loss: Of the logits. Targets must be 0 for impossible classes, so labels must not be smoothed.
        possible: bool [C, C]: the row of a class says which classes are possible for its images.
    """

    def __init__(self, loss: Loss, possible: Tensor) -> None:
        self._loss, self._possible = loss, possible

    def __call__(self, logits: Tensor, labels: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return loss and gradient; see ``Loss``."""
        impossible = ~self._possible.index_select(0, labels)
        # The most negative finite number: 0 times it is 0, and its exponential is 0.
        return self._loss(logits.masked_fill(impossible, torch.finfo(logits.dtype).min), labels, images)


def known_classes_factory(possible: Tensor) -> ObjectiveFactory:
    """Return a factory of objectives that compute the cross-entropy over possible classes.

    Args:
        possible: As that of ``KnownClasses``.
    """
    return partial(_known_classes, possible)


def _known_classes(possible: Tensor, network: Network, dtype: torch.dtype | None, label_smoothing: float) -> Objective:
    if label_smoothing > 0:
        raise ValueError(
            f"Parameter 'training.label_smoothing' is {label_smoothing}, but not all classes are possible for an "
            "image; set it to 0"
        )
    loss = KnownClasses(CrossEntropy(network), possible.to(network.device))
    return objective_for(network, dtype, label_smoothing, loss)
