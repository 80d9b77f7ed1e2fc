"""The tables of the time-to-accuracy benchmark."""

from collections.abc import Mapping
from typing import Any

from benchmarks.common.tables import machine_line, markdown, mean_and_deviation

Run = Mapping[str, Any]
OURS = "mnist-growth"
"""What the labels of this project's own contestants begin with."""


def tables(results: Mapping[str, Any]) -> str:
    """Format one table for each goal, and the settings of each contestant."""
    parts = [table(results, goal) for goal in results["goals"]]
    ours = {run["goals"][0]: run["settings"] for run in results["runs"] if is_ours(run)}
    rivals = {run["contestant"]: run for run in results["runs"] if not is_ours(run)}
    lines = [f"- {OURS} to {goal:.0%}: {settings}." for goal, settings in ours.items()]
    for label, run in rivals.items():
        lines.append(f"- {label}: {run['settings']}" + (f" ({run['origin']})." if "origin" in run else "."))
    return "\n\n".join([*parts, "\n".join(lines), f"{results['dataset']}. {machine_line(results)}"])


def table(results: Mapping[str, Any], goal: float) -> str:
    """Format one row for each contestant that tried a goal: its seconds, and their ratio to ours of the same round."""
    key = str(goal)
    runs = [run for run in results["runs"] if goal in run["goals"] and key in run["limits"]]
    labels = list(dict.fromkeys(run["contestant"] for run in runs))
    first = {run["round"]: run["seconds_to"][key] for run in runs if run["contestant"] == labels[0]}
    rows = []
    for label in labels:
        own = [run for run in runs if run["contestant"] == label]
        reached = [run["seconds_to"][key] for run in own if run["seconds_to"][key] is not None]
        pairs = [(run["seconds_to"][key], first[run["round"]]) for run in own]
        ratios = [seconds / ours for seconds, ours in pairs if seconds and ours]
        rows.append(
            (
                label,
                mean_and_deviation(reached, 1) if reached else _not_reached(own, key),
                mean_and_deviation(ratios, 1),
                f"{len(reached)} of {len(own)}",
                mean_and_deviation([100 * max(accuracy for _, accuracy in run["curve"]) for run in own], 2),
                mean_and_deviation([run["peak_rss_mb"] for run in own], 0),
            )
        )
    header = (f"to {goal:.0%}", "seconds", f"times {labels[0]}", "reached", "best test accuracy, %", "peak RSS, MB")
    return markdown(header, rows) + _scaled(results, runs, key, labels[0])


def is_ours(run: Run) -> bool:
    """Return whether a run is one of this project."""
    return str(run["contestant"]).startswith(OURS)


def _not_reached(runs: list[Run], key: str) -> str:
    """Say how long the goal was tried: until the end of the recipe, or of the time."""
    return f"not in {max(run['curve'][-1][0] for run in runs):.0f} (limit {runs[0]['limits'][key]:.0f})"


def _scaled(results: Mapping[str, Any], runs: list[Run], key: str, label: str) -> str:
    """Estimate the seconds of the first contestant on a machine with float32 products at 100 GFLOP/s."""
    rates = results["matmul_gflops"]
    scaled = [
        run["seconds_to"][key] * rates[run["round"]] / 100
        for run in runs
        if run["contestant"] == label and run["seconds_to"][key]
    ]
    if not scaled:
        return ""
    return (
        f"\n\nSeconds x measured float32 rate / 100 GFLOP/s, for {label}: {mean_and_deviation(scaled, 1)} "
        f"(rates before the rounds: {', '.join(map(str, rates))} GFLOP/s)."
    )
