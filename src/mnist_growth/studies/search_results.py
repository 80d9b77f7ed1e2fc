"""What the search for architectures shows: fronts, and the hypervolume by work."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.evaluation import hypervolume, mean_interval, pareto_front
from mnist_growth.network import MLPSpec
from mnist_growth.studies.cool_down import Member
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.search import Search
from mnist_growth.studies.search_config import BASELINE, SearchConfig
from mnist_growth.studies.search_objectives import objectives
from mnist_growth.studies.search_trials import Architecture
from mnist_growth.studies.trial import Trial

_BUDGET_POINTS = 20  # of a curve of the hypervolume by work
_COLUMNS = (
    "method",
    "seed",
    "number",
    "part",
    "widths",
    "multiply_adds",
    "parameters",
    "validation_accuracy",
    "test_accuracy",
    "work",
    "key",
)


def searched_table(searches: Sequence[Search]) -> pd.DataFrame:
    """Return one row per network that was measured, by method, seed and number.

    Returns:
        ``method``, ``seed`` and ``number``; ``part``, which is ``grown`` or ``pruned`` for growth and ``sampled`` for
        the others; ``widths``, joined by ``-``; ``multiply_adds`` of one image; ``parameters``;
        ``validation_accuracy`` and ``test_accuracy``; ``work``, the multiply-adds of all trainings of the search up to
        and including this one; ``is_front``, whether no other network of the search dominates it; and ``key``.
    """
    rows = [
        {
            "method": search.method,
            "seed": search.seed,
            "number": trial.changes["number"],
            "part": trial.changes.get("part", "sampled"),
            "widths": outcome.last["widths"],
            "multiply_adds": outcome.forward_multiply_adds,
            "parameters": int(outcome.value("parameters")),
            "validation_accuracy": outcome.value("validation_accuracy"),
            "test_accuracy": outcome.test_accuracy,
            "work": work,
            "key": trial.key,
        }
        for search in searches
        for trial, outcome, work in with_work(search.ended)
        if outcome.state == "finished"
    ]
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).sort_values(["method", "seed", "number"], ignore_index=True)
    table["is_front"] = False
    for _, group in table.groupby(["method", "seed"]):
        table.loc[group.index, "is_front"] = _front(group)
    return table


def with_work(ended: Iterable[tuple[Trial, Outcome]]) -> list[tuple[Trial, Outcome, int]]:
    """Return the trainings of a search that end with a measured network, and the multiply-adds spent until then.

    A network that has left a trunk costs the epochs of the trunk before it, unless an earlier one has paid for them,
    and its cool-down. A training that has failed is paid for as well.
    """
    in_order = sorted(ended, key=lambda pair: pair[0].changes["number"])
    spent, of_trunk = 0, 0
    rows: list[tuple[Trial, Outcome, int]] = []
    for trial, outcome in in_order:
        if isinstance(trial, Architecture):
            spent += trial.work
        elif isinstance(trial, Member):
            trunk = next(outcome for other, outcome in in_order if other is trial.trunk)
            before = int(trunk.history[trial.epochs - 1]["multiply_adds"])
            spent += max(before - of_trunk, 0) + int(outcome.last.get("multiply_adds", before)) - before
            of_trunk = max(of_trunk, before)
        else:
            continue
        rows.append((trial, outcome, spent))
    return rows


class Volumes:
    """Hypervolumes in decades of multiply-adds times decades of error.

    Args:
        config: Has the largest error that counts, and the widest network, whose cost is the largest one.
        classes: Number of classes.
    """

    def __init__(self, config: SearchConfig, classes: int) -> None:
        widths = (config.max_width,) * config.max_hidden_layers
        widest = MLPSpec(hidden_widths=widths, batch_norm=True, classes=classes).forward_multiply_adds
        cost, error = objectives(widest, 1 - config.reference_error)
        self._reference = float(cost), float(error)

    def of(self, networks: pd.DataFrame, part: str = "validation") -> float:
        """Return the hypervolume of some networks.

        Args:
            networks: Rows of ``searched_table``.
            part: ``validation``; or ``test``: of the test digits, for the networks on the front of the validation
                digits alone, because test digits choose nothing.
        """
        chosen = networks if part == "validation" else networks[_front(networks)]
        return hypervolume(objectives(chosen["multiply_adds"], chosen[f"{part}_accuracy"]), self._reference)


def hypervolume_by_work(networks: pd.DataFrame, config: SearchConfig, volumes: Volumes) -> pd.DataFrame:
    """Return the hypervolume of the validation digits that a method has reached after some work.

    Returns:
        Columns ``method``, ``work``, ``seeds`` and ``hypervolume`` with its 95 % interval over the seeds.
    """
    rows = []
    for method in config.methods:
        searches = [group for _, group in networks[networks["method"] == method].groupby("seed")]
        if not searches:
            continue
        end = max(group["work"].max() for group in searches)
        steps = np.linspace(0, config.budget_multiply_adds, _BUDGET_POINTS + 1)[1:]
        for work in [*steps[steps < end], end]:
            reached = [volumes.of(group[group["work"] <= work]) for group in searches]
            known = {"method": method, "work": float(work), "seeds": len(searches)}
            rows.append(known | _with_interval("hypervolume", reached))
    return pd.DataFrame(rows)


def hypervolume_table(networks: pd.DataFrame, config: SearchConfig, volumes: Volumes) -> pd.DataFrame:
    """Return how much the front of each method dominates, and for how much work.

    Returns:
        One row per method: ``seeds``; ``networks`` and ``work``, means over the seeds; ``hypervolume`` of the
        validation digits and ``test_hypervolume``; ``difference`` and ``test_difference`` from random choices with the
        same seed; and ``work_share``, the work until the hypervolume of all random choices is reached, as a share of
        their work, NaN if a seed misses it. All but the first three have 95 % intervals over the seeds.
    """
    groups: dict[tuple[Any, Any], pd.DataFrame] = {
        (name, seed): group for (name, seed), group in networks.groupby(["method", "seed"])
    }
    rows = []
    for method in config.methods:
        seeds = sorted(seed for name, seed in groups if name == method)
        if not seeds:
            continue
        paired = [seed for seed in seeds if (BASELINE, seed) in groups]
        own = [groups[method, seed] for seed in seeds]
        row: dict[str, object] = {
            "method": method,
            "seeds": len(seeds),
            "networks": float(np.mean([len(group) for group in own])),
            "work": float(np.mean([group["work"].max() for group in own])),
        }
        for part, prefix in (("validation", ""), ("test", "test_")):
            row |= _with_interval(f"{prefix}hypervolume", [volumes.of(group, part) for group in own])
            differences = [
                volumes.of(groups[method, seed], part) - volumes.of(groups[BASELINE, seed], part) for seed in paired
            ]
            row |= _with_interval(f"{prefix}difference", differences)
        shares = [_work_share(groups[method, seed], groups[BASELINE, seed], volumes) for seed in paired]
        row |= _with_interval("work_share", shares)
        rows.append(row)
    return pd.DataFrame(rows)


def _front(networks: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which networks no other one dominates on the validation digits, bool [N]."""
    return pareto_front(objectives(networks["multiply_adds"], networks["validation_accuracy"]))


def _work_share(networks: pd.DataFrame, baseline: pd.DataFrame, volumes: Volumes) -> float:
    """Return the work until the hypervolume of another search is reached, as a share of its work; NaN if it is not."""
    goal = volumes.of(baseline)
    reached = (work for work in np.sort(networks["work"]) if volumes.of(networks[networks["work"] <= work]) >= goal)
    return float(next(reached, np.nan) / baseline["work"].max())


def _with_interval(name: str, values: Sequence[float]) -> dict[str, float]:
    """Return a mean and the limits of its 95 % interval, named; NaN without values."""
    numbers = mean_interval(values) if values else (np.nan,) * 3
    return dict(zip((name, f"{name}_low", f"{name}_high"), numbers, strict=True))
