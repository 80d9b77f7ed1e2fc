"""What few-shot learning shows: accuracy on new classes by method and number of shots."""

from collections.abc import Iterable

import pandas as pd

from mnist_growth.evaluation import mean_interval
from mnist_growth.studies.meta import FewShotLearner
from mnist_growth.studies.meta_config import MetaConfig
from mnist_growth.studies.outcome import Outcome


def few_shot_table(ended: Iterable[tuple[FewShotLearner, Outcome]], class_names: tuple[str, ...]) -> pd.DataFrame:
    """Return one row per method, number of shots and seed.

    Args:
        ended: Learners with their outcomes; only finished ones have rows.
        class_names: Of the digits.

    Returns:
        Columns ``method``, ``shots``, ``seed``, ``ways``; ``classes``, the names of the new classes; ``tasks``, their
        number; ``accuracy``, the mean over tasks, with its 95 % interval over tasks; and ``key``.
    """
    rows = [
        {
            "method": learner.method,
            "shots": row["shots"],
            "seed": learner.seed,
            "ways": learner.config.ways,
            "classes": " ".join(class_names[each] for each in learner.classes.new),
            **{name: row[name] for name in ("tasks", "accuracy", "accuracy_low", "accuracy_high")},
            "key": learner.key,
        }
        for learner, outcome in ended
        if outcome.state == "finished"
        for row in outcome.history
    ]
    return pd.DataFrame(rows).sort_values(["method", "shots", "seed"], ignore_index=True)


def few_shot_means(table: pd.DataFrame, config: MetaConfig) -> pd.DataFrame:
    """Return the mean accuracy of each method over the seeds, with its 95 % interval by Student's t over the seeds.

    A seed has its own new classes, weights and tasks, so the interval covers all of these.

    Args:
        table: Result of ``few_shot_table``.
        config: Has the order of methods and shots.

    Returns:
        Columns ``method``, ``shots``, ``seeds``, ``tasks`` of all seeds, ``accuracy``, ``accuracy_low`` and
        ``accuracy_high``, and ``deviation``, the standard deviation over the seeds. Limits and deviation are NaN for
        one seed.
    """
    rows = []
    for method in config.methods:
        for shots in config.shots:
            found = table[(table["method"] == method) & (table["shots"] == shots)]
            if len(found):
                mean, low, high = mean_interval(found["accuracy"])
                rows.append(
                    {
                        "method": method,
                        "shots": shots,
                        "seeds": len(found),
                        "tasks": int(found["tasks"].sum()),
                        "accuracy": mean,
                        "accuracy_low": low,
                        "accuracy_high": high,
                        "deviation": float(found["accuracy"].std()),
                    }
                )
    return pd.DataFrame(rows)
