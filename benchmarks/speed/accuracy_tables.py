"""The tables of the time-to-accuracy benchmark."""

from collections.abc import Mapping
from typing import Any

from benchmarks.common.tables import machine_line, markdown, mean_and_deviation
from benchmarks.speed.contestants import RIVALS

Run = Mapping[str, Any]
OURS = "mnist-growth"
"""What the labels of this project's own contestants begin with."""


def tables(results: Mapping[str, Any]) -> str:
    """Format the table of each goal, by its key in the results."""
    return "\n\n".join(table(results[key]) for key in sorted(results))


def table(entry: Mapping[str, Any]) -> str:
    """Format one row for each contestant, and below the table what it trained.

    The seconds of a contestant are compared with those of the first one in the same round.
    """
    contestants = by_contestant(entry["runs"])
    first = next(iter(contestants))
    rows = [
        (
            label,
            runs[0]["tuning"],
            mean_and_deviation(seconds(runs), 1) if seconds(runs) else _not_reached(runs),
            mean_and_deviation(ratios(runs, contestants[first]), 1),
            f"{len(seconds(runs))} of {len(runs)}",
            mean_and_deviation([100 * max(accuracy for _, accuracy in run["curve"]) for run in runs], 2),
            mean_and_deviation([run["peak_rss_mb"] for run in runs], 0),
        )
        for label, runs in contestants.items()
    ]
    header = (
        *(f"to {entry['goal']:.0%}", "settings", "seconds", f"times {first}", "reached"),
        *("best test accuracy, %", "peak RSS, MB"),
    )
    lines = [f"- {label}: {_described(runs[0])}." for label, runs in contestants.items()]
    return "\n\n".join(
        [markdown(header, rows), *_scaled(entry, contestants[first], first), "\n".join(lines), _closing(entry)]
    )


def by_contestant(runs: list[Run]) -> dict[str, list[Run]]:
    """Return the runs of each contestant, in the order of the race."""
    labels = dict.fromkeys(run["contestant"] for run in runs)
    return {label: [run for run in runs if run["contestant"] == label] for label in labels}


def seconds(runs: list[Run]) -> list[float]:
    """Return the seconds of the runs that reached the goal."""
    return [run["seconds"] for run in runs if run["seconds"] is not None]


def ratios(runs: list[Run], others: list[Run]) -> list[float]:
    """Return the seconds of runs divided by those of other runs of the same round."""
    base = {run["round"]: run["seconds"] for run in others}
    pairs = [(run["seconds"], base.get(run["round"])) for run in runs]
    return [ours / other for ours, other in pairs if ours and other]


def is_ours(label: str) -> bool:
    """Return whether a label is that of a contestant of this project."""
    return label.startswith(OURS)


def _described(run: Run) -> str:
    return f"{run['settings']} ({run['origin']})" if run["origin"] else str(run["settings"])


def _closing(entry: Mapping[str, Any]) -> str:
    missing = [label for label in RIVALS if label not in by_contestant(entry["runs"])]
    not_measured = f"Not measured: {', '.join(missing)}. " if missing else ""
    return f"{not_measured}{entry['dataset']}. {machine_line(entry)}"


def _not_reached(runs: list[Run]) -> str:
    """Say how long the goal was tried: until the end of the recipe, or of the time."""
    return f"not in {max(run['curve'][-1][0] for run in runs):.0f} (limit {runs[0]['limit']:.0f})"


def _scaled(entry: Mapping[str, Any], runs: list[Run], label: str) -> list[str]:
    """Estimate the seconds of a contestant on a machine with float32 products at 100 GFLOP/s."""
    rates = entry["matmul_gflops"]
    scaled = [run["seconds"] * rates[run["round"]] / 100 for run in runs if run["seconds"]]
    if not scaled:
        return []
    return [
        f"Seconds x measured float32 rate / 100 GFLOP/s, for {label}: {mean_and_deviation(scaled, 1)} "
        f"(rates before the rounds: {', '.join(map(str, rates))} GFLOP/s)."
    ]
