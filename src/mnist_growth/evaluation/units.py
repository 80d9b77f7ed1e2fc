"""What became of the units that a growth added: are they active, how strong are they, what are they worth."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mnist_growth.network.mlp import GrowingMLP, HiddenLayer


@dataclass(frozen=True)
class _Cohort:
    """Units of one hidden layer that were born together; they are neighbours, as new units are appended.

    Attributes:
        layer: one-based number of the hidden layer.
        born: one-based epoch that was the first with these units.
        units: positions in the layer.
    """

    layer: int
    born: int
    units: slice


@torch.inference_mode()
def unit_cohorts(
    network: GrowingMLP, growth_events: pd.DataFrame, images: NDArray[np.uint8], labels: NDArray[np.int64], epochs: int
) -> pd.DataFrame:
    """Return, for the units of each hidden layer that were born together, what has become of them.

    Args:
        network: after its training; used in evaluation mode and left in the mode it was in.
        growth_events: table of ``training.growth_table``, of the columns ``epoch``, ``layer``, ``width_before`` and
            ``width_after``; empty for a network that never grew.
        images: uint8 [N, 28, 28], N >= 2; all at once go through the network.
        labels: int64 [N].
        epochs: of the training.

    Returns:
        One row per hidden layer and growth, and one for the units of the start, with the columns

        - ``layer`` (one-based), ``born_epoch`` (one-based; the first epoch with these units, 1 for those of the
          start), ``age_epochs`` (epochs that they were trained), ``units`` (their number), all int64;
        - ``dead_units`` (int64): how many were active (above 0 after relu) for none of the images;
        - ``variance``, with ``variance_lower`` and ``variance_upper``: of the activations of a unit over the images;
        - ``fan_in_norm``, with ``_lower`` and ``_upper``: Euclidean norm of a unit's incoming weights, scaled as batch
          norm scales them;
        - ``fan_out_norm``, likewise: of its outgoing weights;
        - ``loss_increase`` (nats): by how much the mean cross-entropy of the images rises when every unit of the row
          gives its mean activation for all images, so that it tells nothing about any of them;
        - ``loss_increase_per_unit`` (nats).

        Where a row has three columns of a kind, they are the median and the quartiles over its units (float64).

    Raises:
        ValueError: the growth events are those of another network.
    """
    cohorts = list(_cohorts(network, growth_events))
    was_training = network.training
    network.eval()
    try:
        outputs = _hidden_outputs(network, torch.from_numpy(np.array(images)))
        truth = torch.from_numpy(np.array(labels))
        loss = _loss_from(network, outputs[-1], truth, layer=len(outputs))
        rows = [_row(network, cohort, outputs[cohort.layer - 1], truth, loss, epochs) for cohort in cohorts]
    finally:
        network.train(was_training)
    return pd.DataFrame(rows)


def _cohorts(network: GrowingMLP, growth_events: pd.DataFrame) -> Iterator[_Cohort]:
    """All units of the network, layer by layer and the oldest first."""
    for layer, width in enumerate(network.widths, start=1):
        events = growth_events[growth_events["layer"] == layer].sort_values("epoch")
        bounds = [0, *events["width_before"].tolist(), width]
        if bounds[2:] != events["width_after"].tolist():
            raise ValueError(
                f"The growth events end with {events['width_after'].iloc[-1]} units in hidden layer {layer}, but the "
                f"network has {width}: name the versions that belong together (--load-versions network:<version>)"
            )
        for born, (start, stop) in zip([1, *events["epoch"].tolist()], pairwise(bounds), strict=True):
            yield _Cohort(layer, born, slice(start, stop))


def _row(
    network: GrowingMLP, cohort: _Cohort, outputs: Tensor, labels: Tensor, loss: float, epochs: int
) -> dict[str, int | float]:
    """The row of some units, of which ``outputs`` [N, units of the layer] has the activations."""
    active = outputs[:, cohort.units].double()
    silenced = outputs.clone()
    silenced[:, cohort.units] = outputs[:, cohort.units].mean(dim=0)
    increase = _loss_from(network, silenced, labels, layer=cohort.layer) - loss
    fan_out = network.linear_layers()[cohort.layer].weight[:, cohort.units]
    count = active.shape[1]
    return {
        "layer": cohort.layer,
        "born_epoch": cohort.born,
        "age_epochs": epochs - cohort.born + 1,
        "units": count,
        "dead_units": int((active.amax(dim=0) <= 0).sum()),
        **_quartiles("variance", active.var(dim=0, correction=0)),
        **_quartiles("fan_in_norm", _effective_fan_in(network, cohort.layer)[cohort.units].double().norm(dim=1)),
        **_quartiles("fan_out_norm", fan_out.double().norm(dim=0)),
        "loss_increase": increase,
        "loss_increase_per_unit": increase / count,
    }


def _hidden_outputs(network: GrowingMLP, images: Tensor) -> list[Tensor]:
    """Activations [N, width] of each hidden layer."""
    outputs: list[Tensor] = []
    handles = [layer.register_forward_hook(lambda _, __, output: outputs.append(output)) for layer in network.hidden]
    try:
        network(images)
    finally:
        for handle in handles:
            handle.remove()
    return outputs


def _loss_from(network: GrowingMLP, outputs: Tensor, labels: Tensor, layer: int) -> float:
    """Mean cross-entropy, in nats, that follows from the activations of a hidden layer, counted from 1."""
    for module in network.hidden[layer:]:
        outputs = module(outputs)
    return float(F.cross_entropy(network.output(outputs).double(), labels))


def _effective_fan_in(network: GrowingMLP, layer: int) -> Tensor:
    """Incoming weights [width, inputs] of a hidden layer, times what batch norm multiplies each unit by."""
    module = network.hidden[layer - 1]
    assert isinstance(module, HiddenLayer)
    norm = module.norm
    if norm is None or norm.running_var is None:
        return module.linear.weight
    return module.linear.weight * (norm.weight / (norm.running_var + norm.eps).sqrt())[:, None]


def _quartiles(name: str, values: Tensor) -> dict[str, float]:
    lower, median, upper = torch.quantile(values, torch.tensor([0.25, 0.5, 0.75], dtype=values.dtype)).tolist()
    return {name: median, f"{name}_lower": lower, f"{name}_upper": upper}
