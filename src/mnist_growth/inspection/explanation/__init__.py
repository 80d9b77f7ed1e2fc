"""Why a network gives an answer: evidence in pixels, units and layers, and the boundaries between its answers."""

from mnist_growth.inspection.explanation.activation_map import activation_map
from mnist_growth.inspection.explanation.config import AttributionConfig, ExplanationConfig, MethodName
from mnist_growth.inspection.explanation.faithfulness import (
    area_under,
    perturbation_curve,
    pixel_order,
    random_order,
)
from mnist_growth.inspection.explanation.gradients import gradient_times_input, saliency, smooth_grad
from mnist_growth.inspection.explanation.integrated_gradients import (
    complete_integrated_gradients,
    completeness_errors,
    integrated_gradients,
)
from mnist_growth.inspection.explanation.methods import METHODS, Method, Settings
from mnist_growth.inspection.explanation.occlusion import occlusion
from mnist_growth.inspection.explanation.randomisation import randomisations, randomised, rank_correlation
from mnist_growth.inspection.explanation.target import Logits, lead, leads
from mnist_growth.inspection.explanation.trust import TRUSTED, most_trusted, verdict

__all__ = [
    "METHODS",
    "TRUSTED",
    "AttributionConfig",
    "ExplanationConfig",
    "Logits",
    "Method",
    "MethodName",
    "Settings",
    "activation_map",
    "area_under",
    "complete_integrated_gradients",
    "completeness_errors",
    "gradient_times_input",
    "integrated_gradients",
    "lead",
    "leads",
    "most_trusted",
    "occlusion",
    "perturbation_curve",
    "pixel_order",
    "random_order",
    "randomisations",
    "randomised",
    "rank_correlation",
    "saliency",
    "smooth_grad",
    "verdict",
]
