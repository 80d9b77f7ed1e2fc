"""What the units of each layer and growth respond to, and what they contribute."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mnist_growth.digits import Digits
from mnist_growth.evaluation import mean_interval, spread_sample
from mnist_growth.inspection import Cohort, cohorts
from mnist_growth.inspection.explanation import (
    ExplanationConfig,
    between_class_share,
    conductance,
    leads,
    principal_components,
    selectivity,
    unit_activations,
)
from mnist_growth.machine import use_threads
from mnist_growth.network import TrainedNetwork, UnitGroup, evaluation_mode
from mnist_growth.pipelines.explain.inputs import as_tensors
from mnist_growth.progress import track

_CHUNK = 25  # digits at once, so that progress is shown often


@use_threads(1)
def measure_explained_units(
    trained: TrainedNetwork,
    growth_events: pd.DataFrame,
    test_digits: Digits,
    explained_digits: pd.DataFrame,
    config: ExplanationConfig,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what excites each unit, and what the units of each growth contribute to the predictions.

    Returns:
        - One row per unit: ``layer`` and ``unit`` (counted from 1 and 0), ``group`` (name of the layer),
          ``born_epoch``, ``preferred`` class (-1 for a unit that is never active), ``selectivity``, ``preferred_mean``
          (activation), ``active_share`` and ``conductance``, the mean part in the difference of the lead of the
          predicted class from a black image;
        - one row per layer and growth: ``layer``, ``group``, ``born_epoch``, ``units``, ``digits``, ``conductance`` of
          all its units with its interval, ``share`` of the mean difference, and ``share_per_unit``.

    Raises:
        ValueError: The growth events belong to another network.
    """
    network = trained.network
    born_together = list(cohorts(network, growth_events))
    chosen = spread_sample(explained_digits, config.unit_digits)
    images, _ = as_tensors(test_digits, chosen, trained)
    some, classes = as_tensors(test_digits, spread_sample(explained_digits, config.conductance_digits), trained)
    black = torch.zeros_like(some[0])
    with evaluation_mode(network):
        activations = unit_activations(network, images)
        chunks = list(zip(torch.split(some, _CHUNK), torch.split(classes, _CHUNK), strict=True))
        parts = [
            conductance(network, chunk, their, baseline=black, steps=config.conductance_steps)
            for chunk, their in track(chunks, len(some), _CHUNK)
        ]
        difference = leads(network, some, classes) - leads(network, black.expand_as(some), classes)
    conducted = [torch.cat(group).double().cpu() for group in zip(*parts, strict=True)]
    return (
        _preferences(born_together, activations, conducted, chosen["label"].to_numpy()),
        _contributions(born_together, conducted, float(difference.double().mean())),
    )


def _preferences(
    born_together: Sequence[Cohort], activations: Sequence[Tensor], conducted: Sequence[Tensor], labels: np.ndarray
) -> pd.DataFrame:
    """Return one row per unit."""
    tables = []
    for layer, values in enumerate(activations, start=1):
        found = selectivity(values.cpu().numpy(), labels)
        born = np.concatenate([[each.born] * each.size for each in born_together if each.layer == layer])
        tables.append(
            pd.DataFrame(
                {
                    "layer": layer,
                    "group": next(each.group.label for each in born_together if each.layer == layer),
                    "unit": np.arange(len(born)),
                    "born_epoch": born,
                    "preferred": found.preferred,
                    "selectivity": found.index,
                    "preferred_mean": found.preferred_mean,
                    "active_share": found.active_share,
                    "conductance": conducted[layer - 1].mean(dim=0).numpy(),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _contributions(born_together: Sequence[Cohort], conducted: Sequence[Tensor], difference: float) -> pd.DataFrame:
    """Return one row per layer and growth."""
    rows = []
    for cohort in born_together:
        mean, low, high = mean_interval(conducted[cohort.layer - 1][:, cohort.units].sum(dim=1))
        rows.append(
            {
                "layer": cohort.layer,
                "group": cohort.group.label,
                "born_epoch": cohort.born,
                "units": cohort.size,
                "digits": len(conducted[0]),
                "conductance": mean,
                "conductance_low": low,
                "conductance_high": high,
                "share": mean / difference,
                "share_per_unit": mean / difference / cohort.size,
            }
        )
    return pd.DataFrame(rows)


@use_threads(1)
def embed_layers(
    trained: TrainedNetwork, test_digits: Digits, explained_digits: pd.DataFrame, config: ExplanationConfig
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the digits in the plane of largest variance of each layer, and what each plane and layer separates.

    Returns:
        - One row per layer and digit: ``layer``, ``index``, ``label``, ``prediction``, ``x`` and ``y``;
        - one row per layer: ``layer``, ``dimensions``, ``digits``, ``variance_x`` and ``variance_y`` (shares of the
          variance in the plane), ``between_classes`` (share of the variance of all dimensions between the means of the
          classes).
    """
    chosen = spread_sample(explained_digits, config.unit_digits)
    images, _ = as_tensors(test_digits, chosen, trained)
    labels = chosen["label"].to_numpy()
    with evaluation_mode(trained.network), torch.no_grad():
        hidden = unit_activations(trained.network, images)
        logits = trained.network(images)
    named = {"pixels": images.flatten(1)}
    groups = [_short(group) for group in trained.network.unit_groups()]
    named |= dict(zip(groups, hidden, strict=True)) | {"logits": logits}
    tables, rows = [], []
    for layer, values in track(named.items(), len(named)):
        points = values.cpu().numpy()
        coordinates, shares = principal_components(points, 2)
        place = pd.DataFrame({"layer": layer, "x": coordinates[:, 0], "y": coordinates[:, 1]})
        tables.append(pd.concat([chosen[["index", "label", "prediction"]].reset_index(drop=True), place], axis=1))
        rows.append(
            {
                "layer": layer,
                "dimensions": points.shape[1],
                "digits": len(points),
                "variance_x": shares[0],
                "variance_y": shares[1],
                "between_classes": between_class_share(points, labels),
            }
        )
    return pd.concat(tables, ignore_index=True), pd.DataFrame(rows)


def _short(group: UnitGroup) -> str:
    """Return the name of a group without words that all layers have."""
    return group.label.replace("hidden layer", "hidden")
