"""Why a network gives an answer: evidence in pixels, units and layers, and the boundaries between its answers."""

from mnist_growth.inspection.explanation.activation_map import activation_map
from mnist_growth.inspection.explanation.activation_maximisation import maximise
from mnist_growth.inspection.explanation.activations import unit_activations
from mnist_growth.inspection.explanation.attention_rollout import attention_rollout
from mnist_growth.inspection.explanation.conductance import conductance
from mnist_growth.inspection.explanation.config import AttributionConfig, ExplanationConfig, MethodName
from mnist_growth.inspection.explanation.embedding import between_class_share, principal_components
from mnist_growth.inspection.explanation.faithfulness import (
    area_under,
    perturbation_curve,
    pixel_order,
    random_order,
)
from mnist_growth.inspection.explanation.gradients import gradient_times_input, saliency, smooth_grad
from mnist_growth.inspection.explanation.incoming_weights import incoming_weights
from mnist_growth.inspection.explanation.integrated_gradients import (
    complete_integrated_gradients,
    completeness_errors,
    integrated_gradients,
)
from mnist_growth.inspection.explanation.margin import Margins, margins
from mnist_growth.inspection.explanation.methods import METHODS, Method, Settings
from mnist_growth.inspection.explanation.occlusion import occlusion
from mnist_growth.inspection.explanation.planes import Plane, plane_through, principal_plane, probabilities_on
from mnist_growth.inspection.explanation.randomisation import randomisations, randomised, rank_correlation
from mnist_growth.inspection.explanation.selectivity import Selectivity, selectivity
from mnist_growth.inspection.explanation.target import Logits, leads
from mnist_growth.inspection.explanation.trust import TRUSTED, most_trusted, verdict

__all__ = [
    "METHODS",
    "TRUSTED",
    "AttributionConfig",
    "ExplanationConfig",
    "Logits",
    "Margins",
    "Method",
    "MethodName",
    "Plane",
    "Selectivity",
    "Settings",
    "activation_map",
    "area_under",
    "attention_rollout",
    "between_class_share",
    "complete_integrated_gradients",
    "completeness_errors",
    "conductance",
    "gradient_times_input",
    "incoming_weights",
    "integrated_gradients",
    "leads",
    "margins",
    "maximise",
    "most_trusted",
    "occlusion",
    "perturbation_curve",
    "pixel_order",
    "plane_through",
    "principal_components",
    "principal_plane",
    "probabilities_on",
    "random_order",
    "randomisations",
    "randomised",
    "rank_correlation",
    "saliency",
    "selectivity",
    "smooth_grad",
    "unit_activations",
    "verdict",
]
