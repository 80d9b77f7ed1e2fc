"""How much noise the weights of a network tolerate, by layer and by the birth of units."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from mnist_growth.inspection.cohorts import cohorts
from mnist_growth.network import Network, evaluation_mode


@dataclass(frozen=True)
class WeightPart:
    """Some of the weights of a network.

    Attributes:
        part: "layer" or "cohort".
        layer: Name of the module of a layer, or of the group of units of a cohort.
        born_epoch: One-based first epoch of the units of a cohort; 0 for a layer.
        units: Number of units of a cohort; 0 for a layer.
        slices: For each tensor, by name, which of its entries belong to the part, as an index.
    """

    part: str
    layer: str
    born_epoch: int
    units: int
    slices: Mapping[str, tuple[slice, ...]]


def weight_parts(network: Network, growth_events: pd.DataFrame) -> list[WeightPart]:
    """Return the weight matrices of a network, and the incoming weights of each cohort of units.

    Args:
        network: After its training.
        growth_events: As of ``cohorts``.
    """
    parameters = dict(network.named_parameters())
    layers = [
        WeightPart("layer", name.rpartition(".")[0], 0, 0, {name: (slice(None),)})
        for name, parameter in parameters.items()
        if parameter.ndim >= 2
    ]
    of_units = []
    for cohort in cohorts(network, growth_events):
        slices = {
            axis.tensor: (
                *[slice(None)] * axis.axis,
                slice(cohort.units.start * axis.entries, cohort.units.stop * axis.entries),
            )
            for axis in cohort.group.of_role("incoming")
        }
        of_units.append(WeightPart("cohort", cohort.group.name, cohort.born, cohort.size, slices))
    return [*layers, *of_units]


def weight_sensitivity(
    network: Network, part: WeightPart, images: Tensor, labels: Tensor, *, noise: float, repeats: int, seed: int
) -> Iterator[tuple[float, float]]:
    """Yield accuracy and loss of a network with Gaussian noise on some of its weights, for each repetition.

    Args:
        network: Used in evaluation mode, and not changed.
        part: The weights.
        images: uint8 [N, 28, 28].
        labels: int64 [N].
        noise: Standard deviation of the noise, relative to the root mean square of the same weights of a tensor.
        repeats: Number of draws.
        seed: Of the noise.

    Yields:
        Share of correct answers and mean cross-entropy in nats.
    """
    generator = torch.Generator(network.device).manual_seed(seed)
    values = {name: parameter.detach() for name, parameter in network.named_parameters()}
    values |= dict(network.named_buffers())
    for _ in range(repeats):
        noisy = dict(values)
        for name, index in part.slices.items():
            noisy[name] = values[name].clone()
            chosen = noisy[name][index]
            scale = noise * chosen.square().mean().sqrt()
            chosen += scale * torch.randn(chosen.shape, generator=generator, device=chosen.device)
        with evaluation_mode(network), torch.no_grad():
            logits = functional_call(network, noisy, (images.to(network.device),)).double().cpu()
        yield float((logits.argmax(1) == labels).double().mean()), float(F.cross_entropy(logits, labels))
