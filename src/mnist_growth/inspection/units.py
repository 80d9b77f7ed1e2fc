"""What became of the units that a growth added: whether they are active, how strong they are, what they contribute."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from mnist_growth.inspection.cohorts import Cohort, by_unit, cohorts, followers
from mnist_growth.network import Network, UnitAxis, UnitGroup, evaluation_mode, record


@torch.inference_mode()
def unit_cohorts(
    network: Network, growth_events: pd.DataFrame, images: NDArray[np.uint8], labels: NDArray[np.int64], epochs: int
) -> pd.DataFrame:
    """Return what became of the units of each hidden layer that were born together.

    Args:
        network: After its training; used in evaluation mode and left in the mode it was in.
        growth_events: Table of ``training.growth_table``, of the columns ``epoch``, ``layer``, ``width_before`` and
            ``width_after``; empty for a network that never grew.
        images: uint8 [N, 28, 28], N >= 2; all of them go through the network at once.
        labels: int64 [N].
        epochs: Of the training.

    Returns:
        One row per hidden layer and growth, and one for the units of the start, with the columns

        - ``layer`` (one-based), ``born_epoch`` (one-based; the first epoch with these units, 1 for those of the
          start), ``age_epochs`` (epochs that they were trained), ``units`` (their number), all int64; ``group``, the
          name of the layer (str);
        - ``dead_units`` (int64): how many were active (above 0 after relu) for none of the images;
        - ``variance``, with ``variance_lower`` and ``variance_upper``: of the activations of a unit over the images;
        - ``fan_in_norm``, with ``_lower`` and ``_upper``: Euclidean norm of a unit's incoming weights, scaled as batch
          norm scales them;
        - ``fan_out_norm``, with ``_lower`` and ``_upper``: Euclidean norm of its outgoing weights;
        - ``loss_increase`` (nats): by how much the mean cross-entropy of the images rises when every unit of the row
          gives its mean activation for all images, so that it carries no information about any of them;
        - ``loss_increase_per_unit`` (nats).

        Where a row has three columns of a kind, they are the median and the quartiles over its units (float64).

    Raises:
        ValueError: The growth events belong to another network, or the units of a group are not followed by affine
            maps.
    """
    born_together = list(cohorts(network, growth_events))
    following = [followers(network, group) for group in network.unit_groups()]
    pictures, truth = torch.from_numpy(np.array(images)), torch.from_numpy(np.array(labels))
    with evaluation_mode(network):
        with record(network, inputs=[axes[0].module for axes in following]) as recorded:
            loss = _loss(network, pictures, truth)
        rows = []
        for cohort in born_together:
            axes = following[cohort.layer - 1]
            with _silenced(network, axes, cohort.units):
                increase = _loss(network, pictures, truth) - loss
            activations = by_unit(recorded.inputs[axes[0].module], axes[0])
            rows.append(_row(network, cohort, activations[:, cohort.units].double(), increase, epochs))
    return pd.DataFrame(rows)


@contextlib.contextmanager
def _silenced(network: Network, axes: tuple[UnitAxis, ...], units: slice) -> Iterator[None]:
    """Let some units give their mean activation for every image."""

    def hook_for(axis: UnitAxis) -> RemovableHandle:
        taken = slice(units.start * axis.entries, units.stop * axis.entries)

        def hook(_module: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            inputs = arguments[0].clone()
            inputs[..., taken] = arguments[0][..., taken].mean(dim=0)
            return (inputs, *arguments[1:])

        return network.get_submodule(axis.module).register_forward_pre_hook(hook)

    with contextlib.ExitStack() as hooks:
        for axis in axes:
            hooks.callback(hook_for(axis).remove)
        yield


def _row(network: Network, cohort: Cohort, activations: Tensor, increase: float, epochs: int) -> dict[str, Any]:
    """Return the row of some units, whose activations are float64 [N, units, entries]."""
    count = activations.shape[1]
    outgoing = [_weights(network, axis)[cohort.units] for axis in cohort.group.of_role("outgoing")]
    return {
        "layer": cohort.layer,
        "group": cohort.group.label,
        "born_epoch": cohort.born,
        "age_epochs": epochs - cohort.born + 1,
        "units": count,
        "dead_units": int((activations.amax(dim=(0, 2)) <= 0).sum()),
        **_quartiles("variance", activations.var(dim=0, correction=0).mean(dim=1)),
        **_quartiles("fan_in_norm", _effective_fan_in(network, cohort.group)[cohort.units].double().norm(dim=1)),
        **_quartiles("fan_out_norm", torch.cat(outgoing, dim=1).double().norm(dim=1)),
        "loss_increase": increase,
        "loss_increase_per_unit": increase / count,
    }


def _loss(network: Network, images: Tensor, labels: Tensor) -> float:
    """Return the mean cross-entropy in nats."""
    return float(F.cross_entropy(network(images).double(), labels))


def _weights(network: Network, axis: UnitAxis) -> Tensor:
    """Return the entries of each unit in a tensor, [units, entries]."""
    weights: Tensor = network.tensor(axis.tensor).movedim(axis.axis, 0)
    return weights.reshape(len(weights) // axis.entries, -1)


def _effective_fan_in(network: Network, group: UnitGroup) -> Tensor:
    """Return the incoming weights [units, inputs] of a group, times the factor of batch norm for each unit."""
    weights = torch.cat([_weights(network, axis) for axis in group.of_role("incoming")], dim=1)
    for scale, variance in zip(group.of_role("scale"), group.of_role("variance"), strict=False):
        epsilon: float = vars(network.get_submodule(scale.module))["eps"]
        gain = _weights(network, scale) / (_weights(network, variance) + epsilon).sqrt()
        weights = weights * gain.mean(dim=1, keepdim=True)
    return weights


def _quartiles(name: str, values: Tensor) -> dict[str, float]:
    lower, median, upper = torch.quantile(values, torch.tensor([0.25, 0.5, 0.75], dtype=values.dtype)).tolist()
    return {name: median, f"{name}_lower": lower, f"{name}_upper": upper}
