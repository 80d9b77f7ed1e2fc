"""What active learning shows: accuracy by number of labels, and the labels that a goal needs."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mnist_growth.evaluation import mean_interval
from mnist_growth.studies.active import ActiveLearner
from mnist_growth.studies.active_config import BASELINE, ActiveConfig
from mnist_growth.studies.outcome import Outcome


def rounds_table(ended: Iterable[tuple[ActiveLearner, Outcome]]) -> pd.DataFrame:
    """Return one row per strategy, seed and round.

    Returns:
        Columns ``strategy``, ``seed``, ``labels``, ``accuracy`` of the test digits, ``width`` and ``key``.
    """
    rows = [
        {
            "strategy": learner.strategy,
            "seed": learner.seed,
            "labels": row["labels"],
            "accuracy": row["accuracy"],
            "width": row["width"],
            "key": learner.key,
        }
        for learner, outcome in ended
        if outcome.state == "finished"
        for row in outcome.history
    ]
    return pd.DataFrame(rows).sort_values(["strategy", "seed", "labels"], ignore_index=True)


def mean_accuracies(rounds: pd.DataFrame) -> pd.DataFrame:
    """Return the mean accuracy of each strategy by number of labels, with its 95 % interval over the seeds.

    Args:
        rounds: Result of ``rounds_table``.

    Returns:
        Columns ``strategy``, ``labels``, ``seeds``, ``accuracy``, ``accuracy_low`` and ``accuracy_high``; the limits
        are NaN for one seed.
    """
    rows = []
    for (strategy, labels), group in rounds.groupby(["strategy", "labels"], sort=True):
        mean, low, high = mean_interval(group["accuracy"])
        rows.append(
            {
                "strategy": strategy,
                "labels": labels,
                "seeds": len(group),
                "accuracy": mean,
                "accuracy_low": low,
                "accuracy_high": high,
            }
        )
    return pd.DataFrame(rows)


def labels_needed(rounds: pd.DataFrame, config: ActiveConfig) -> pd.DataFrame:
    """Return how many labels each strategy needs to reach the goal.

    The accuracy between two rounds is interpolated linearly over the logarithm of the number of labels. A strategy
    that misses the goal with some seed has no number.

    Args:
        rounds: Result of ``rounds_table``.
        config: Has the goal and the order of the strategies.

    Returns:
        Columns ``strategy``, ``goal``, ``seeds``, ``reached`` (number of seeds that reach the goal), ``labels`` and
        ``share`` of the labels that random choices with the same seed need, both with ``_low`` and ``_high``.
    """
    needed = {
        (strategy, seed): _crossing(group.sort_values("labels"), config.goal)
        for (strategy, seed), group in rounds.groupby(["strategy", "seed"])
    }
    rows = []
    for strategy in config.strategies:
        numbers = {seed: number for (name, seed), number in needed.items() if name == strategy}
        shares = [number / needed.get((BASELINE, seed), np.nan) for seed, number in numbers.items()]
        labels, low, high = mean_interval(list(numbers.values())) if numbers else (np.nan,) * 3
        share, share_low, share_high = mean_interval(shares) if shares else (np.nan,) * 3
        rows.append(
            {
                "strategy": strategy,
                "goal": config.goal,
                "seeds": len(numbers),
                "reached": int(np.isfinite(list(numbers.values())).sum()),
                "labels": labels,
                "labels_low": low,
                "labels_high": high,
                "share": share,
                "share_low": share_low,
                "share_high": share_high,
            }
        )
    return pd.DataFrame(rows)


def _crossing(rounds: pd.DataFrame, goal: float) -> float:
    """Return the number of labels at which the accuracy first reaches the goal; NaN if it never does."""
    labels, accuracy = rounds["labels"].to_numpy(float), rounds["accuracy"].to_numpy(float)
    reached = np.flatnonzero(accuracy >= goal)
    if len(reached) == 0:
        return float("nan")
    after = int(reached[0])
    if after == 0:
        return float(labels[0])
    before = after - 1
    share = (goal - accuracy[before]) / (accuracy[after] - accuracy[before])
    return float(np.exp(np.log(labels[before]) + share * np.log(labels[after] / labels[before])))
