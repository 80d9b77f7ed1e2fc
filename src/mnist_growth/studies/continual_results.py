"""What continual learning shows: accuracy of every task over time, forgetting, and backward transfer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.evaluation import mean_interval
from mnist_growth.studies.continual import ContinualLearner
from mnist_growth.studies.continual_config import METHODS
from mnist_growth.studies.outcome import Outcome


@dataclass(frozen=True)
class Measures:
    """What a method has kept of the tasks that it was trained on.

    Attributes:
        average_accuracy: Mean accuracy of all tasks after the last one.
        forgetting: Mean over all tasks but the last of their best accuracy before the last task minus their last one
            (Chaudhry et al., "Riemannian walk for incremental learning", ECCV 2018, section 3).
        backward_transfer: Mean over all tasks but the last of their last accuracy minus the one just after they were
            trained; negative if they were forgotten (Lopez-Paz and Ranzato, "Gradient episodic memory", NeurIPS 2017,
            equation 3).
    """

    average_accuracy: float
    forgetting: float
    backward_transfer: float

    @classmethod
    def of(cls, accuracies: NDArray[np.float64]) -> "Measures":
        """Return the measures of an accuracy matrix.

        Args:
            accuracies: Accuracy of task i after training task t >= i, float64 [T, T]; other entries are not used.
        """
        last = accuracies[-1]
        trained = np.diag(accuracies)
        best = np.array([accuracies[task:-1, task].max() for task in range(len(last) - 1)])
        return cls(
            average_accuracy=float(last.mean()),
            forgetting=float((best - last[:-1]).mean()),
            backward_transfer=float((last - trained)[:-1].mean()),
        )


def tasks_table(ended: Iterable[tuple[ContinualLearner, Outcome]]) -> pd.DataFrame:
    """Return one row per scenario, method, seed, number of trained tasks and task among them.

    Returns:
        Columns ``scenario``, ``method``, ``seed``, ``tasks_trained``, ``task`` (from 1), ``accuracy`` of its test
        digits, ``validation_accuracy`` of all tasks after the last one (NaN before), ``width`` and ``key``.
    """
    rows = [
        {
            **learner.changes,
            "tasks_trained": row["epoch"],
            "task": task,
            "accuracy": row[f"accuracy_{task}"],
            "validation_accuracy": row.get("validation_accuracy", float("nan")),
            "width": row["width"],
            "key": learner.key,
        }
        for learner, outcome in ended
        if outcome.state == "finished"
        for row in outcome.history
        for task in range(1, row["epoch"] + 1)
    ]
    order = ["scenario", "method", "seed", "tasks_trained", "task"]
    return pd.DataFrame(rows).sort_values(order, ignore_index=True)


def average_accuracies(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return the mean accuracy of the tasks so far, by number of trained tasks, with its 95 % interval over the seeds.

    Args:
        tasks: Result of ``tasks_table``.

    Returns:
        Columns ``scenario``, ``method``, ``tasks_trained``, ``seeds``, ``accuracy``, ``accuracy_low`` and
        ``accuracy_high``; the limits are NaN for one seed.
    """
    keys = ["scenario", "method", "tasks_trained"]
    rows = []
    for names, group in tasks.groupby(keys, sort=True):
        means = group.groupby("seed")["accuracy"].mean()
        accuracy, low, high = mean_interval(means)
        rows.append(
            {
                **dict(zip(keys, names, strict=True)),
                "seeds": len(means),
                "accuracy": accuracy,
                "accuracy_low": low,
                "accuracy_high": high,
            }
        )
    return pd.DataFrame(rows)


def forgetting_table(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return what each method has kept, with 95 % intervals over the seeds.

    Args:
        tasks: Result of ``tasks_table``.

    Returns:
        Columns ``scenario``, ``method``, ``seeds``, ``width`` at the end, the attributes of ``Measures`` with ``_low``
        and ``_high``, and the mean ``validation_accuracy``. Joint training has no forgetting and no backward transfer:
        they are NaN.
    """
    rows = []
    for (scenario, method), group in tasks.groupby(["scenario", "method"], sort=False):
        matrices = [_matrix(of_seed) for _, of_seed in group.groupby("seed")]
        row: dict[str, Any] = {"scenario": scenario, "method": method, "seeds": len(matrices)}
        row["width"] = group["width"].max()
        measured = [_measures(str(method), matrix) for matrix in matrices]
        for name in measured[0]:
            row[name], row[f"{name}_low"], row[f"{name}_high"] = mean_interval(
                [measures[name] for measures in measured]
            )
        row["validation_accuracy"] = group["validation_accuracy"].mean()
        rows.append(row)
    order = {method: place for place, method in enumerate(METHODS)}
    table = pd.DataFrame(rows)
    return table.sort_values(["scenario", "method"], key=lambda column: column.replace(order), ignore_index=True)


def _matrix(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracies of one seed, a row for each number of trained tasks and a column for each task."""
    return tasks.pivot_table(index="tasks_trained", columns="task", values="accuracy")


def _measures(method: str, matrix: pd.DataFrame) -> dict[str, float]:
    measures = {"average_accuracy": float(matrix.iloc[-1].mean()), "forgetting": np.nan, "backward_transfer": np.nan}
    is_joint = any(name == method and chosen.is_joint for name, chosen in METHODS.items())
    return measures if is_joint else vars(Measures.of(matrix.to_numpy(float)))
