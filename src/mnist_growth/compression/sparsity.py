"""Unstructured pruning: the smallest weights become zero, gradually while the others are trained."""

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from mnist_growth.config_model import ConfigModel
from mnist_growth.network import Network
from mnist_growth.training import TrainingState

ScoreName = Literal["magnitude", "layer", "lamp"]


class SparsityConfig(ConfigModel):
    """How weights are pruned."""

    score: ScoreName
    ramp: Annotated[float, Field(gt=0, le=1)]


def scheduled_sparsity(done: float, length: float, final: float, initial: float = 0.0) -> float:
    """Return s = s_f + (s_i - s_f) (1 - t / (n dt))^3 (Zhu and Gupta 2017, equation 1), the sparsity at a time t.

    Many weights leave early, when there are many redundant ones, and ever fewer towards the end.

    Args:
        done: Time since the beginning of the pruning, t, clipped to [0, length].
        length: Duration of the pruning, n dt, in the same unit.
        final: Sparsity s_f at its end.
        initial: Sparsity s_i at its beginning.
    """
    share = min(max(done / length, 0.0), 1.0)
    return float(final + (initial - final) * (1 - share) ** 3)


def prunable(network: Network) -> dict[str, Tensor]:
    """Return the parameters that can be pruned: all matrices, by name."""
    return {name: parameter.detach() for name, parameter in network.named_parameters() if parameter.ndim == 2}


def nonzero_masks(network: Network, device: torch.device) -> dict[str, Tensor]:
    """Return masks that keep the entries of all matrices that are not zero, on a device."""
    return {name: (matrix != 0).to(device) for name, matrix in prunable(network).items()}


def sparsity_of(network: Network) -> float:
    """Return the share of the entries of all matrices that are exactly zero."""
    matrices = prunable(network).values()
    zeros = sum(int((matrix == 0).sum()) for matrix in matrices)
    return zeros / sum(matrix.numel() for matrix in matrices)


@torch.no_grad()
def pruning_masks(network: Network, sparsity: float, score: ScoreName) -> dict[str, Tensor]:
    """Return which weights are kept if a share of all of them is pruned: those with the largest scores.

    Args:
        network: Its matrices are pruned; weights that are zero already are pruned first.
        sparsity: Share of the entries of all matrices that are pruned, in [0, 1).
        score: ``magnitude``: |w|, compared over all matrices; ``layer``: |w|, the same share of every matrix;
            ``lamp``: w^2 divided by the sum of the squares that are not smaller in the same matrix (Lee et al. 2021),
            compared over all matrices, so that no layer is pruned entirely.

    Returns:
        bool masks by name of the parameter; True where a weight is kept.
    """
    scores = {name: _scores(matrix, score) for name, matrix in prunable(network).items()}
    if score == "layer":
        return {name: _largest(values.flatten(), sparsity).view_as(values) for name, values in scores.items()}
    kept = _largest(torch.cat([values.flatten() for values in scores.values()]), sparsity)
    parts = torch.split(kept, [values.numel() for values in scores.values()])
    return {name: part.view_as(values) for (name, values), part in zip(scores.items(), parts, strict=True)}


@torch.no_grad()
def two_of_four_masks(network: Network) -> dict[str, Tensor]:
    """Return masks that keep the two largest of every four consecutive weights of a unit's inputs.

    GPUs since NVIDIA's Ampere have matrix products for this pattern (Mishra et al. 2021). Matrices whose number of
    inputs is not a multiple of four, or of fewer than 16 outputs, are not pruned: the products do not support them.
    """
    masks = {}
    for name, matrix in prunable(network).items():
        if matrix.shape[1] % 4 == 0 and len(matrix) >= 16:
            groups = matrix.abs().reshape(len(matrix), -1, 4)
            kept = torch.zeros_like(groups, dtype=torch.bool)
            masks[name] = kept.scatter_(2, groups.topk(2, dim=2).indices, True).view_as(matrix)
    return masks


@torch.no_grad()
def prune(state: TrainingState, masks: Mapping[str, Tensor]) -> None:
    """Set weights, their moving average and their Adam moments to zero.

    Args:
        state: Changed in place.
        masks: bool, by name of a parameter: False where a weight becomes zero.
    """
    for network in (state.network, state.average):
        for name, kept in masks.items():
            network.get_parameter(name).mul_(kept)
    for name, kept in masks.items():
        state.optimizer.forget(name, kept)


class GradualPruning:
    """Prunes the weights of a training before every epoch, following the schedule of Zhu and Gupta (2017).

    The pruning goes on for a share of the epochs; in the remaining ones the kept weights adapt.

    Args:
        network: The network at the start of the training.
        final: Share of the entries of all matrices that are zero at the end.
        epochs: Length of the training.
        config: Scores, and the share of the epochs.
        device: Of the training.

    Attributes:
        masks: bool, by name of a parameter: True where a weight is kept; updated in place. ``masked_factory`` takes
            them.
    """

    def __init__(
        self, network: Network, final: float, epochs: int, config: SparsityConfig, device: torch.device
    ) -> None:
        self.final, self.config = final, config
        self.epochs = max(1, round(config.ramp * epochs))
        self.masks = {
            name: torch.ones(matrix.shape, dtype=torch.bool, device=device)
            for name, matrix in prunable(network).items()
        }

    def __call__(self, state: TrainingState) -> bool:
        """Prune before an epoch; the shapes of the network stay."""
        sparsity = scheduled_sparsity(state.epochs_done + 1, self.epochs, self.final)
        for name, kept in pruning_masks(state.network, sparsity, self.config.score).items():
            self.masks[name] &= kept
        prune(state, self.masks)
        return False


class PatternPruning:
    """Prunes two of every four inputs of a unit before the first epoch of a training.

    Args:
        network: The network at the start of the training.
        device: Of the training.

    Attributes:
        masks: bool, by name of a parameter: True where a weight is kept.
    """

    def __init__(self, network: Network, device: torch.device) -> None:
        self.masks = {name: mask.to(device) for name, mask in two_of_four_masks(network).items()}

    def __call__(self, state: TrainingState) -> bool:
        """Prune before an epoch; the shapes of the network stay."""
        prune(state, self.masks)
        return False


def _scores(matrix: Tensor, score: ScoreName) -> Tensor:
    if score != "lamp":
        return matrix.abs()
    squares, order = matrix.square().flatten().double().sort()
    not_smaller = squares.flip(0).cumsum(0).flip(0)  # sums from the largest down
    scores = torch.empty_like(squares)
    scores[order] = squares / not_smaller.clamp(min=torch.finfo(torch.float64).tiny)
    return scores.view_as(matrix)


def _largest(values: Tensor, sparsity: float) -> Tensor:
    """Return a mask that is False for the ``sparsity`` share of smallest values; the first of equal ones leave."""
    pruned = values.sort(stable=True).indices[: round(sparsity * len(values))]
    return torch.ones_like(values, dtype=torch.bool).index_fill_(0, pruned, False)
