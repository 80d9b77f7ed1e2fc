"""The attribution methods under one interface."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mnist_growth.inspection.explanation.activation_map import activation_map
from mnist_growth.inspection.explanation.config import AttributionConfig, MethodName
from mnist_growth.inspection.explanation.gradients import gradient_times_input, saliency, smooth_grad
from mnist_growth.inspection.explanation.integrated_gradients import complete_integrated_gradients
from mnist_growth.inspection.explanation.occlusion import occlusion
from mnist_growth.network import Network
from mnist_growth.network.interface import PIXEL_RANGE


@dataclass(frozen=True)
class Settings:
    """What the methods need besides network and images.

    Attributes:
        config: Parameters of the methods.
        mean_image: Mean of the training digits, float [28, 28], a baseline of integrated gradients.
        seed: Of the noise of SmoothGrad.
    """

    config: AttributionConfig
    mean_image: Tensor
    seed: int


@dataclass(frozen=True)
class Method:
    """An attribution method.

    Attributes:
        title: Name in tables and figures.
        attribute: Maps network, images, classes and settings to attributions, float [N, 28, 28].
        baseline: Maps settings to the image that the attributions add up to the difference from; None if they do not.
    """

    title: str
    attribute: Callable[[Network, Tensor, Tensor, Settings], Tensor]
    baseline: Callable[[Settings], Tensor] | None = None


def _black(settings: Settings) -> Tensor:
    return torch.zeros_like(settings.mean_image)


def _mean(settings: Settings) -> Tensor:
    return settings.mean_image


def _integrated(
    baseline: Callable[[Settings], Tensor],
) -> Callable[[Network, Tensor, Tensor, Settings], Tensor]:
    def attribute(network: Network, images: Tensor, classes: Tensor, settings: Settings) -> Tensor:
        config = settings.config
        return complete_integrated_gradients(
            network,
            images,
            classes,
            baseline=baseline(settings),
            steps=config.integration_steps,
            max_error=config.max_completeness_error,
        )

    return attribute


def _smooth_grad(network: Network, images: Tensor, classes: Tensor, settings: Settings) -> Tensor:
    return smooth_grad(
        network,
        images,
        classes,
        samples=settings.config.noise_samples,
        deviation=settings.config.noise_deviation * PIXEL_RANGE,
        generator=torch.Generator().manual_seed(settings.seed),
    )


def _occlusion(network: Network, images: Tensor, classes: Tensor, settings: Settings) -> Tensor:
    config = settings.config
    return occlusion(network, images, classes, side=config.occlusion_side, stride=config.occlusion_stride)


METHODS: dict[MethodName, Method] = {
    "saliency": Method("saliency", lambda network, images, classes, _: saliency(network, images, classes)),
    "gradient_times_input": Method(
        "gradient × input", lambda network, images, classes, _: gradient_times_input(network, images, classes)
    ),
    "smooth_grad": Method("SmoothGrad", _smooth_grad),
    "integrated_gradients": Method("integrated gradients (black)", _integrated(_black), _black),
    "integrated_gradients_mean": Method("integrated gradients (mean)", _integrated(_mean), _mean),
    "occlusion": Method("occlusion", _occlusion),
    "activation_map": Method(
        "class activation map",
        lambda network, images, classes, _: activation_map(network, images, classes, layer=len(network.unit_groups())),
    ),
}
"""All methods by name; the class activation map is that of the last group of units."""
