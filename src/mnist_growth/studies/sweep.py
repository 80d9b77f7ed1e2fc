"""How the result of a training depends on its parameters."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations as combinations_of
from itertools import product

import numpy as np
import pandas as pd

from mnist_growth.digits import Digits, Split
from mnist_growth.evaluation import mean_interval
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.sweep_config import SweepConfig
from mnist_growth.studies.trial import Recipe, Trial

SEED = "training.seed"
"""Parameter with the seed of a training."""

MEASURES = ("validation_accuracy", "test_accuracy", "seconds", "peak_rss_bytes")
"""Columns of the results whose means are reported."""

Values = Mapping[str, float]


def combinations(config: SweepConfig, usual: Values) -> list[dict[str, float]]:
    """Return the different combinations of values of a sweep, each with a value for every parameter.

    Args:
        config: Design and values.
        usual: The values that parameters have where the design does not change them.
    """
    values = {parameter.name: parameter.values for parameter in config.parameters}  # noqa: PD011
    alone = [(name,) for name in config.names]
    varied = [config.names] if config.design == "grid" else [*alone, *config.pairs]
    found = [
        {**usual, **dict(zip(names, combination, strict=True))}
        for names in varied
        for combination in product(*(values[name] for name in names))
    ]
    return list({tuple(each.items()): each for each in found}.values())


def define_sweep(config: SweepConfig, recipe: Recipe, digits: Digits, split: Split) -> list[Trial]:
    """Return the trainings of a sweep.

    Args:
        config: Design and values.
        recipe: Has the values of the parameters that the sweep does not change.
        digits: Training digits.
        split: Into training and validation part.

    Raises:
        ValueError: A parameter is unknown, or a value is not allowed.
    """
    seeds = range(recipe.value(SEED), recipe.value(SEED) + config.seeds)
    return [
        Trial.define(recipe, {**values, SEED: seed}, digits, split)
        for values in combinations(config, {name: recipe.value(name) for name in config.names})
        for seed in seeds
    ]


def trainings_table(ended: Iterable[tuple[Trial, Outcome]]) -> pd.DataFrame:
    """Return one row per training, in the order of its values.

    Returns:
        A column for each parameter and for the seed; ``state`` and ``reason``; ``validation_accuracy``,
        ``validation_loss`` and ``test_accuracy`` at the end; ``epochs``, ``seconds`` and ``peak_rss_bytes`` of its
        process; ``parameters`` of the network at the end and ``multiply_adds`` of the training; ``key`` of the file
        that the outcome is kept in.
    """
    rows = [
        {
            **trial.changes,
            "state": outcome.state,
            "reason": outcome.reason,
            "validation_accuracy": outcome.final("validation_accuracy"),
            "validation_loss": outcome.final("validation_loss"),
            "test_accuracy": float("nan") if outcome.test_accuracy is None else outcome.test_accuracy,
            "epochs": len(outcome.history),
            "seconds": outcome.seconds,
            "peak_rss_bytes": outcome.peak_rss_bytes,
            "parameters": outcome.final("parameters"),
            "multiply_adds": outcome.final("multiply_adds"),
            "key": trial.key,
        }
        for trial, outcome in ended
    ]
    table = pd.DataFrame(rows)
    names = [str(name) for name in table.columns[: table.columns.get_loc("state")]]
    return table.sort_values(names, ignore_index=True)


def responses(trainings: pd.DataFrame, config: SweepConfig, usual: Values) -> pd.DataFrame:
    """Return the trainings that show the effect of each parameter.

    In the design ``one_at_a_time`` these are the trainings whose other parameters are as usual, in a grid all.

    Args:
        trainings: Result of ``trainings_table``.
        config: Design and values.
        usual: The values that parameters have where the design does not change them.

    Returns:
        Columns ``parameter``, ``value``, ``seed``, ``state``, those of ``MEASURES`` and ``key``. A training occurs once
        for each parameter.
    """
    return pd.concat(
        [
            shown.assign(parameter=name, value=shown[name].astype(float), seed=shown[SEED])
            for name, shown in _shown(trainings, config, usual)
        ],
        ignore_index=True,
    )[["parameter", "value", "seed", "state", *MEASURES, "key"]]


def mean_responses(sweep: pd.DataFrame) -> pd.DataFrame:
    """Return the means of all trainings with the same value of a parameter, with 95 % intervals.

    Args:
        sweep: Result of ``responses``.

    Returns:
        Columns ``parameter``, ``value``, ``trainings`` (those that finished), ``failed`` (those that did not), and for
        each measure its mean under its name with ``_low`` and ``_high``, which are NaN for fewer than two trainings.
    """
    rows = []
    for (parameter, value), group in sweep.groupby(["parameter", "value"], sort=False):
        finished = group[group["state"] == "finished"]
        row = {"parameter": parameter, "value": value, "trainings": len(finished), "failed": len(group) - len(finished)}
        for measure in MEASURES:
            mean, low, high = mean_interval(finished[measure]) if len(finished) else (np.nan,) * 3
            row |= {measure: mean, f"{measure}_low": low, f"{measure}_high": high}
        rows.append(row)
    order = {name: number for number, name in enumerate(dict.fromkeys(sweep["parameter"]))}
    table = pd.DataFrame(rows)
    return table.sort_values(["parameter", "value"], key=lambda column: column.map(order).fillna(column)).reset_index(
        drop=True
    )


def good_ranges(sweep: pd.DataFrame, config: SweepConfig) -> pd.DataFrame:
    """Return the range of the good values of each parameter.

    The best value has the largest mean validation accuracy. Another one is good if it is not significantly worse: the
    95 % interval of the mean difference, paired by seed, contains 0.

    Args:
        sweep: Result of ``responses``.
        config: Has the documented ranges.

    Returns:
        Columns ``parameter``, ``documented_low`` and ``documented_high`` (NaN without a documented range), ``best`` and
        its mean ``validation_accuracy``, ``good_low`` and ``good_high`` (smallest and largest good value),
        ``smallest_tried`` and ``largest_tried``.
    """
    rows = []
    for parameter in config.parameters:
        shown = sweep[(sweep["parameter"] == parameter.name) & (sweep["state"] == "finished")]
        by_seed = shown.pivot_table(index="seed", columns="value", values="validation_accuracy")
        low, high = parameter.documented or (np.nan, np.nan)
        row = {"parameter": parameter.name, "documented_low": low, "documented_high": high}
        if len(shown):
            tried = [float(value) for value in by_seed.columns]
            best = tried[int(by_seed.mean().to_numpy().argmax())]
            good = [value for value in tried if value == best or _is_as_good(by_seed[value], by_seed[best])]
            row |= {
                "best": best,
                "validation_accuracy": by_seed[best].mean(),
                "good_low": min(good),
                "good_high": max(good),
                "smallest_tried": min(tried),
                "largest_tried": max(tried),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _is_as_good(accuracy: "pd.Series[float]", best: "pd.Series[float]") -> bool:
    """Whether the interval of the difference of accuracies with the same seeds contains 0."""
    differences = (best - accuracy).dropna()
    return len(differences) > 1 and mean_interval(differences)[1] <= 0


def pair_means(trainings: pd.DataFrame, config: SweepConfig, usual: Values) -> pd.DataFrame:
    """Return the mean validation accuracy of every combination of the values of two parameters.

    Args:
        trainings: Result of ``trainings_table``.
        config: Design and values; a grid shows all pairs, another design those of ``config.pairs``.
        usual: The values that parameters have where the design does not change them.

    Returns:
        Columns ``first`` and ``second`` with the names of the parameters, ``first_value``, ``second_value``,
        ``trainings`` and ``validation_accuracy`` (NaN if none has finished).
    """
    tables = []
    for first, second in combinations_of(config.names, 2) if config.design == "grid" else config.pairs:
        shown = trainings
        if config.design == "one_at_a_time":
            for other in set(config.names) - {first, second}:
                shown = shown[shown[other] == usual[other]]
        groups = shown.groupby([first, second])["validation_accuracy"]
        means = groups.agg(trainings="count", validation_accuracy="mean").reset_index()
        means = means.rename(columns={first: "first_value", second: "second_value"})
        tables.append(means.assign(first=first, second=second))
    columns = ["first", "second", "first_value", "second_value", "trainings", "validation_accuracy"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def _shown(trainings: pd.DataFrame, config: SweepConfig, usual: Values) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each parameter and the trainings that show its effect."""
    for parameter in config.parameters:
        shown = trainings[trainings[parameter.name].isin(parameter.values)]
        if config.design == "one_at_a_time":
            for other in set(config.names) - {parameter.name}:
                shown = shown[shown[other] == usual[other]]
        yield parameter.name, shown
