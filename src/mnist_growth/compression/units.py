"""Structured pruning, the inverse of growth: the units that stay take over what the others contributed."""

from collections.abc import Sequence
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from mnist_growth.compression.sparsity import scheduled_sparsity
from mnist_growth.compression.unit_importance import ImportanceName, activations, importances, units_to_keep
from mnist_growth.config_model import ConfigModel
from mnist_growth.growth import Narrowing, Probe, accepts_constants, narrow
from mnist_growth.network import Network, UnitGroup
from mnist_growth.training import TrainingState


class NarrowingConfig(ConfigModel):
    """How units are pruned."""

    importance: ImportanceName
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    ramp: Annotated[float, Field(gt=0, le=1)]
    min_units: Annotated[int, Field(ge=1)]


RIDGE = 1e-3
"""Added to the covariance of the kept activations, as a multiple of their mean variance."""


def reconstruction(network: Network, group: UnitGroup, kept: Tensor, probe: Probe) -> Narrowing:
    """Return the narrowing whose kept units reproduce, as well as they can, what the others contributed.

    The activation of every unit that leaves is replaced by its linear regression on those of the kept units. Its mean
    over the images is thereby kept; where the next layer cannot take in a constant, the regression has none.

    Args:
        network: Used in evaluation mode; it is not changed.
        group: The group before it is narrowed.
        kept: int64 [k], ascending, on the CPU.
        probe: Training images.
    """
    plain = Narrowing.dropping(group, kept)
    values = activations(network, group, probe)
    mean = values.mean(0) if accepts_constants(network, group) else torch.zeros_like(values[0])
    centred = values - mean
    covariance = centred.T @ centred / len(centred)
    axis = group.of_role("outgoing")[0]
    here, gone = (axis.indices(units).to(values.device) for units in (kept, plain.leaving))
    of_kept = covariance[here][:, here]
    ridge = RIDGE * of_kept.diagonal().mean().clamp(min=torch.finfo(values.dtype).tiny)
    of_kept = of_kept + ridge * torch.eye(len(here), dtype=values.dtype, device=values.device)
    transfer = torch.linalg.solve(of_kept, covariance[here][:, gone]).T
    return Narrowing(group, kept, transfer.cpu(), (mean[gone] - transfer @ mean[here]).cpu())


def narrow_with_reconstruction(
    network: Network, kept: Sequence[Tensor], probe: Probe
) -> tuple[Network, list[Narrowing]]:
    """Narrow all groups, from the first to the last.

    Args:
        network: It is not changed.
        kept: Result of ``units_to_keep``.
        probe: Training images.

    Returns:
        The narrower network, and the narrowings in order, for ``GrowingAdamW.grow``.
    """
    narrower, narrowings = network, []
    for index, units in enumerate(kept):
        group = narrower.unit_groups()[index]
        if len(units) < group.size:
            narrowings.append(reconstruction(narrower, group, units, probe))
            narrower = narrow(narrower, narrowings[-1])
    return narrower, narrowings


class GradualNarrowing:
    """Removes units from the network of a training before every epoch, following the schedule of weights.

    The pruning goes on for a share of the epochs; in the remaining ones the kept units adapt. Moving average and
    optimizer state shrink along.

    Args:
        share: Share of all units that is left at the end.
        epochs: Length of the training.
        config: Importance, and the share of the epochs.
        widths: Sizes of the groups at the start.
        probe: Training images.
    """

    def __init__(self, share: float, epochs: int, config: NarrowingConfig, widths: Sequence[int], probe: Probe) -> None:
        self.share, self.config, self.probe = share, config, probe
        self.epochs = max(1, round(config.ramp * epochs))
        self.units = sum(widths)

    def __call__(self, state: TrainingState) -> bool:
        """Prune before an epoch, and return whether units have left."""
        left = 1 - scheduled_sparsity(state.epochs_done + 1, self.epochs, 1 - self.share)
        average = state.average
        share = min(1.0, round(left * self.units) / sum(average.widths))
        if share == 1:
            return False
        kept = units_to_keep(
            average, importances(average, self.probe, self.config.importance), share, self.config.min_units
        )
        return narrow_training(state, kept, self.probe)


def narrow_training(state: TrainingState, kept: Sequence[Tensor], probe: Probe) -> bool:
    """Narrow the network of a training, its average and the optimizer's state; return whether units have left.

    Args:
        state: Between two epochs.
        kept: Which units of each group stay.
        probe: Training images, on which both networks are compensated for what leaves.
    """
    network, narrowings = narrow_with_reconstruction(state.network, kept, probe)
    if not narrowings:
        return False
    narrower, _ = narrow_with_reconstruction(state.average, kept, probe)
    state.optimizer.grow(network, narrowings)
    state.network, state.average = network, narrower.requires_grad_(False)
    return True
