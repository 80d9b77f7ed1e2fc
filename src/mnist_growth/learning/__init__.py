"""One update: objectives that give gradients, the optimizer whose state grows, and the average of the weights."""

from mnist_growth.learning.adamw import GrowingAdamW
from mnist_growth.learning.adversarial import Adversarial, AdversarialConfig, adversarial_factory
from mnist_growth.learning.all_reduce import all_reduced_factory
from mnist_growth.learning.autograd import Autograd
from mnist_growth.learning.averaging import averaged_copy, kept_share, update_average
from mnist_growth.learning.backprop import Backprop
from mnist_growth.learning.choice import LossName, objective_factory, objective_for
from mnist_growth.learning.distillation import DistillationConfig, DistillationLoss, distillation_factory
from mnist_growth.learning.fisher import fisher_diagonal
from mnist_growth.learning.known_classes import KnownClasses, known_classes_factory
from mnist_growth.learning.loss import CrossEntropy, Loss
from mnist_growth.learning.margin import MarginLoss
from mnist_growth.learning.masked import Masked, masked_factory
from mnist_growth.learning.objective import BatchResult, Objective, ObjectiveFactory
from mnist_growth.learning.penalty import Anchor, Penalised, penalised_factory
from mnist_growth.learning.sharding import Sharding

__all__ = [
    "Adversarial",
    "AdversarialConfig",
    "Anchor",
    "Autograd",
    "Backprop",
    "BatchResult",
    "CrossEntropy",
    "DistillationConfig",
    "DistillationLoss",
    "GrowingAdamW",
    "KnownClasses",
    "Loss",
    "LossName",
    "MarginLoss",
    "Masked",
    "Objective",
    "ObjectiveFactory",
    "Penalised",
    "Sharding",
    "adversarial_factory",
    "all_reduced_factory",
    "averaged_copy",
    "distillation_factory",
    "fisher_diagonal",
    "kept_share",
    "known_classes_factory",
    "masked_factory",
    "objective_factory",
    "objective_for",
    "penalised_factory",
    "update_average",
]
