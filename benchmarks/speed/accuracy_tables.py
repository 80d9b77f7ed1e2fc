"""The tables of time_to_accuracy.py."""

from collections.abc import Mapping
from typing import Any

from benchmarks.common.tables import machine_line, markdown, mean_and_deviation

Run = Mapping[str, Any]


def tables(results: Mapping[str, Any]) -> str:
    """A table for each goal, and what was measured, with which settings."""
    parts = [table(results, goal) for goal in results["goals"]]
    settings = {
        run["contestant"]: run["settings"] for run in results["runs"] if run["contestant"] not in _ours(results)
    }
    ours = {run["goals"][0]: run["settings"] for run in results["runs"] if run["contestant"] in _ours(results)}
    parts += ["\n".join(f"- mnist-growth to {goal:.0%}: {line}." for goal, line in ours.items())]
    parts[-1] += "\n" + "\n".join(f"- {label}: {line}." for label, line in settings.items())
    parts += [f"{results['dataset']}. {machine_line(results)}"]
    return "\n\n".join(parts)


def table(results: Mapping[str, Any], goal: float) -> str:
    """One row for each contestant that tried a goal: seconds, and how many times those of ours in the same round."""
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


def _not_reached(runs: list[Run], key: str) -> str:
    """Until when it was tried: the recipe, or the time, was over."""
    return f"not in {max(run['curve'][-1][0] for run in runs):.0f} (limit {runs[0]['limits'][key]:.0f})"


def _scaled(results: Mapping[str, Any], runs: list[Run], key: str, label: str) -> str:
    """What the first contestant would need where float32 products run at 100 GFLOP/s, by the rate of each round."""
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


def _ours(results: Mapping[str, Any]) -> set[str]:
    """Labels of this project's own contestants."""
    return {run["contestant"] for run in results["runs"] if run["contestant"].startswith("mnist-growth")}
