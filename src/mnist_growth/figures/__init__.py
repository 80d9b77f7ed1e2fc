"""Figures of tables and of stacks of images; no other package draws.

Each function takes a table or images and returns a plotly figure; ``stamp`` adds the source of the numbers.
"""

from mnist_growth.figures.active_learning import active_learning
from mnist_growth.figures.attacks import adversarial_examples, attack_accuracy, smallest_changes
from mnist_growth.figures.attention import attention_maps
from mnist_growth.figures.attributions import (
    activation_maps,
    attribution_curves,
    attribution_randomisation,
    attributions,
)
from mnist_growth.figures.births import birth_name
from mnist_growth.figures.boundary import boundary_paths, decision_planes, margins, path_images
from mnist_growth.figures.capsules import capsules
from mnist_growth.figures.classes import class_balance, class_images
from mnist_growth.figures.comparison import comparison, disagreements
from mnist_growth.figures.complexity import complexity
from mnist_growth.figures.compression import compression
from mnist_growth.figures.confused_pairs import confused_pairs
from mnist_growth.figures.confusion import confusion_matrix
from mnist_growth.figures.continual_learning import continual_accuracy, continual_matrix
from mnist_growth.figures.corruptions import (
    corruption_accuracy,
    corruption_calibration,
    corruption_examples,
    noise_accuracy,
)
from mnist_growth.figures.cost import cost
from mnist_growth.figures.curvature import growth_curvature, hessian_blocks, hessian_spectrum
from mnist_growth.figures.digits import ambiguous_digits, confused_digits, sample_predictions, warps, worst_mistakes
from mnist_growth.figures.drift import drift_distributions, drift_windows
from mnist_growth.figures.family import family
from mnist_growth.figures.few_shot import few_shot
from mnist_growth.figures.growth import growth
from mnist_growth.figures.hard_digits import hardest_digits, near_duplicates, suspected_labels
from mnist_growth.figures.importance import importance
from mnist_growth.figures.layers import layer_activations, layer_embedding
from mnist_growth.figures.learning_curves import learning_curves
from mnist_growth.figures.loss_paths import loss_paths
from mnist_growth.figures.loss_surface import (
    loss_contours,
    loss_relief,
    nothing_to_draw,
    trajectory_contours,
    trajectory_relief,
)
from mnist_growth.figures.memory import memory
from mnist_growth.figures.png import png_files
from mnist_growth.figures.provenance import describe_dataset, describe_network, stamp
from mnist_growth.figures.reliability import reliability
from mnist_growth.figures.search import search_fronts, search_hypervolume
from mnist_growth.figures.style import (
    intervention_examples,
    style_differences,
    style_effects,
    style_interventions,
)
from mnist_growth.figures.sweep import sweep_pairs, sweep_response
from mnist_growth.figures.theme import IN_DARK, TEMPLATE, in_dark
from mnist_growth.figures.tuning import tuning_history, tuning_values
from mnist_growth.figures.unit_explanations import (
    cohort_conductance,
    exciting_images,
    unit_selectivity,
    unit_weights,
)
from mnist_growth.figures.units import units
from mnist_growth.figures.weight_noise import weight_noise

__all__ = [
    "IN_DARK",
    "TEMPLATE",
    "activation_maps",
    "active_learning",
    "adversarial_examples",
    "ambiguous_digits",
    "attack_accuracy",
    "attention_maps",
    "attribution_curves",
    "attribution_randomisation",
    "attributions",
    "birth_name",
    "boundary_paths",
    "capsules",
    "class_balance",
    "class_images",
    "cohort_conductance",
    "comparison",
    "complexity",
    "compression",
    "confused_digits",
    "confused_pairs",
    "confusion_matrix",
    "continual_accuracy",
    "continual_matrix",
    "corruption_accuracy",
    "corruption_calibration",
    "corruption_examples",
    "cost",
    "decision_planes",
    "describe_dataset",
    "describe_network",
    "disagreements",
    "drift_distributions",
    "drift_windows",
    "exciting_images",
    "family",
    "few_shot",
    "growth",
    "growth_curvature",
    "hardest_digits",
    "hessian_blocks",
    "hessian_spectrum",
    "importance",
    "in_dark",
    "intervention_examples",
    "layer_activations",
    "layer_embedding",
    "learning_curves",
    "loss_contours",
    "loss_paths",
    "loss_relief",
    "margins",
    "memory",
    "near_duplicates",
    "noise_accuracy",
    "nothing_to_draw",
    "path_images",
    "png_files",
    "reliability",
    "sample_predictions",
    "search_fronts",
    "search_hypervolume",
    "smallest_changes",
    "stamp",
    "style_differences",
    "style_effects",
    "style_interventions",
    "suspected_labels",
    "sweep_pairs",
    "sweep_response",
    "trajectory_contours",
    "trajectory_relief",
    "tuning_history",
    "tuning_values",
    "unit_selectivity",
    "unit_weights",
    "units",
    "warps",
    "weight_noise",
    "worst_mistakes",
]
