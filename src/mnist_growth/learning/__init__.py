"""One update: objectives that give gradients, the optimizer whose state grows, and the average of the weights."""

from mnist_growth.learning.adamw import GrowingAdamW
from mnist_growth.learning.adversarial import Adversarial, AdversarialConfig, adversarial_factory
from mnist_growth.learning.autograd import Autograd
from mnist_growth.learning.averaging import averaged_copy, update_average
from mnist_growth.learning.backprop import Backprop
from mnist_growth.learning.choice import objective_for
from mnist_growth.learning.objective import BatchResult, Objective, ObjectiveFactory

__all__ = [
    "Adversarial",
    "AdversarialConfig",
    "Autograd",
    "Backprop",
    "BatchResult",
    "GrowingAdamW",
    "Objective",
    "ObjectiveFactory",
    "adversarial_factory",
    "averaged_copy",
    "objective_for",
    "update_average",
]
