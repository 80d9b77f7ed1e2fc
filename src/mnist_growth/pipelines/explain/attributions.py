"""How faithful each attribution method is, and whether it depends on what the network has learned."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mnist_growth.digits import Digits
from mnist_growth.evaluation import mean_interval, spread_sample
from mnist_growth.inspection.explanation import (
    METHODS,
    ExplanationConfig,
    MethodName,
    Settings,
    area_under,
    completeness_errors,
    most_trusted,
    perturbation_curve,
    pixel_order,
    random_order,
    randomisations,
    rank_correlation,
    verdict,
)
from mnist_growth.machine import use_threads
from mnist_growth.network import Network, TrainedNetwork, evaluation_mode
from mnist_growth.pipelines.explain.inputs import as_tensors, settings
from mnist_growth.progress import track

RANDOM, GREY = "random_order", "grey_values"
"""Orders of the pixels that the methods are compared with."""

_CHUNK = 25  # digits at once, so that progress is shown often


@use_threads(1)
def measure_attributions(
    trained: TrainedNetwork,
    test_digits: Digits,
    mean_image: np.ndarray,
    explained_digits: pd.DataFrame,
    config: ExplanationConfig,
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return metrics, quality and curves of the attribution methods, and their maps under random weights.

    Returns:
        - The metrics by name and method;
        - one row per method: ``method``, ``title``, ``digits``, ``completeness_error``, ``deletion_auc``,
          ``deletion_gain``, ``insertion_auc``, ``insertion_gain``, ``randomisation_correlation``,
          ``ink_correlation``, ``verdict``;
        - one row per method, curve and step: ``method``, ``curve``, ``share`` of the pixels, ``probability``;
        - one row per method, kind and layer: ``method``, ``kind``, ``layer``, ``correlation``, ``ink_correlation``.

        Means over the digits have their interval in the columns ``..._low`` and ``..._high``.
    """
    given = settings(mean_image, config, trained)
    with evaluation_mode(trained.network):
        quality, curves = _quality(
            trained, test_digits, spread_sample(explained_digits, config.quality_digits), given, config
        )
        chosen = spread_sample(explained_digits, config.randomisation_digits)
        randomised = _randomised(trained, test_digits, chosen, given, config)
    final = randomised[randomised["kind"] == "cascading"].groupby("method", sort=False).tail(1).set_index("method")
    rows = []
    for row in quality:
        name = row["method"]
        if name in final.index:
            columns = {
                f"randomisation_{column}": value
                for column, value in final.loc[name].items()
                if "correlation" in str(column)
            }
            row |= {column.replace("randomisation_ink", "ink"): value for column, value in columns.items()}
            row["verdict"] = verdict(
                row["deletion_gain_low"],
                row["insertion_gain_low"],
                row["ink_correlation"],
                config.max_randomisation_correlation,
            )
        rows.append(row)
    table = pd.DataFrame(rows)
    return _metrics(table, config, test_digits), table, curves, randomised


def _quality(
    trained: TrainedNetwork, digits: Digits, chosen: pd.DataFrame, given: Settings, config: ExplanationConfig
) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """Measure completeness and both curves of each method, and of the orders that they are compared with."""
    images, classes = as_tensors(digits, chosen, trained)
    network = trained.network
    names: list[str] = [RANDOM, GREY, *config.attributions.methods]
    chunks = list(zip(torch.split(images, _CHUNK), torch.split(classes, _CHUNK), strict=True))
    parts: dict[str, list[tuple[Tensor, Tensor, Tensor | None]]] = {name: [] for name in names}
    work = [(name, number) for name in names for number in range(len(chunks))]
    for name, number in track(work, len(work)):
        some, their = chunks[number]
        generator = torch.Generator().manual_seed(config.seed + number)
        errors = None
        if name == RANDOM:
            order = random_order(len(some), some[0].numel(), generator).to(some.device)
        else:
            maps = some if name == GREY else METHODS[name].attribute(network, some, their, given)  # type: ignore[index]
            order = pixel_order(maps, generator)
            baseline = None if name == GREY else METHODS[name].baseline  # type: ignore[index]
            if baseline is not None:
                errors = completeness_errors(network, some, their, baseline(given), maps).cpu()
        curves = [
            perturbation_curve(network, some, their, order, steps=config.curve_steps, insertion=insertion).cpu()
            for insertion in (False, True)
        ]
        parts[name].append((curves[0], curves[1], errors))
    measured = {name: _joined(parts[name]) for name in names}
    return [_quality_row(name, *measured[name], reference=measured[RANDOM]) for name in names], pd.concat(
        [_curve_rows(name, deletion, insertion) for name, (deletion, insertion, _) in measured.items()],
        ignore_index=True,
    )


_Measured = tuple[Tensor, Tensor, Tensor | None]


def _joined(parts: list[_Measured]) -> _Measured:
    deletion, insertion, errors = zip(*parts, strict=True)
    found = [each for each in errors if each is not None]
    return torch.cat(deletion), torch.cat(insertion), torch.cat(found) if found else None


def _quality_row(
    name: str, deletion: Tensor, insertion: Tensor, errors: Tensor | None, *, reference: _Measured
) -> dict[str, Any]:
    """Return the row of one method; the gains are those over the random order on the same digits."""
    removed, added = area_under(deletion), area_under(insertion)
    row: dict[str, Any] = {
        "method": name,
        "title": title_of(name),
        "digits": len(removed),
        "completeness_error": float("nan") if errors is None else float(errors.max()),
        **_mean("deletion_auc", removed),
        **_mean("insertion_auc", added),
    }
    if name != RANDOM:
        row |= _mean("deletion_gain", area_under(reference[0]) - removed)
        row |= _mean("insertion_gain", added - area_under(reference[1]))
    return row


def _curve_rows(name: str, deletion: Tensor, insertion: Tensor) -> pd.DataFrame:
    """Return the points of both curves of a method."""
    rows = []
    for curve, values in (("deletion", deletion), ("insertion", insertion)):
        for step, column in enumerate(values.T):
            share = step / (len(values.T) - 1)
            rows.append({"method": name, "curve": curve, "share": share, **_mean("probability", column)})
    return pd.DataFrame(rows)


def _randomised(
    trained: TrainedNetwork, digits: Digits, chosen: pd.DataFrame, given: Settings, config: ExplanationConfig
) -> pd.DataFrame:
    """Compare the maps of the network with those of copies that have random layers."""
    images, classes = as_tensors(digits, chosen, trained)
    generator = torch.Generator().manual_seed(config.seed)
    copies = list(randomisations(trained.network, generator))
    ink = (images > 0).cpu().numpy()
    everywhere = np.ones_like(ink)
    names = config.attributions.methods
    pieces = -(-len(images) // _CHUNK)
    total = (1 + len(copies)) * len(names) * pieces
    counted = iter(track(range(total), total))

    def maps(network: Network, name: MethodName) -> np.ndarray:
        return np.concatenate(list(_maps(network, name, images, classes, given, counted)))

    originals = {name: maps(trained.network, name) for name in names}
    rows = []
    for kind, layer, copy in copies:
        for name in names:
            found = maps(copy, name)
            rows.append(
                {
                    "method": name,
                    "kind": kind,
                    "layer": layer,
                    "digits": len(images),
                    **_mean("correlation", rank_correlation(originals[name], found, everywhere)),
                    **_mean("ink_correlation", rank_correlation(originals[name], found, ink)),
                }
            )
    return pd.DataFrame(rows)


def _maps(
    network: Network, name: MethodName, images: Tensor, classes: Tensor, given: Settings, counted: Iterator[int]
) -> Iterator[np.ndarray]:
    """Yield the attributions of some digits after others, and count them as done."""
    for some, their in zip(torch.split(images, _CHUNK), torch.split(classes, _CHUNK), strict=True):
        next(counted)
        yield METHODS[name].attribute(network, some, their, given).cpu().numpy()


def _metrics(quality: pd.DataFrame, config: ExplanationConfig, digits: Digits) -> dict[str, Any]:
    """Return the metrics by name and method; a method without a value is left out."""
    names = ("completeness_error", "deletion_auc", "insertion_auc", "randomisation_correlation", "ink_correlation")
    by_method: Mapping[str, dict[str, float]] = {
        name: {str(key): float(value) for key, value in quality.set_index("method")[name].dropna().items()}
        for name in names
    }
    return {
        "dataset": digits.dataset,
        "digits": config.quality_digits,
        "randomisation_digits": config.randomisation_digits,
        **by_method,
        "most_trusted": most_trusted(quality),
    }


def title_of(name: str) -> str:
    """Return the name of a method in tables and figures."""
    return {RANDOM: "random order", GREY: "grey values"}.get(name) or METHODS[name].title  # type: ignore[index]


def _mean(name: str, values: Any) -> dict[str, float]:
    """Return mean and 95 % interval of a value over the digits."""
    mean, low, high = mean_interval(values)
    return {name: mean, f"{name}_low": low, f"{name}_high": high}
