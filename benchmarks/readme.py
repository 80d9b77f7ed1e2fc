"""The results in the README, from benchmarks/results: complete runs, and the training time to 98 % and 99 %."""

import statistics
from collections.abc import Mapping
from typing import Any

from benchmarks.common.pages import wrapped
from benchmarks.common.tables import commit_of, markdown, mean_and_deviation
from benchmarks.speed.accuracy_tables import OURS, Run, by_contestant, is_ours, ratios, seconds
from benchmarks.speed.contestants import RIVALS, TUNED

WHOLE_RUN = "--env local"
"""Entry of whole_run.json that the README shows."""

NAMES = {
    "PyTorch tensors": "torch, tensors in memory",
    "scikit-learn": "scikit-learn, `MLPClassifier((512, 512))`",
    "gromo": "gromo, `GrowingMLP`",
    "Keras on torch": "Keras on torch, the example `mnist_mlp`",
    "Dataset + DataLoader": "torch, Dataset + DataLoader",
}


def results_block(whole_run: Mapping[str, Any], races: Mapping[str, Any]) -> str:
    """Format the results.

    Args:
        whole_run: Results of complete runs, by entry.
        races: Results of the time to accuracy, by goal.
    """
    return "\n\n".join([*_complete_runs(whole_run[WHOLE_RUN]), *_races(races["98%"], races["99%"])])


def _complete_runs(entry: Mapping[str, Any]) -> list[str]:
    runs, machine = entry["runs"], entry["hardware"]
    accuracy = mean_and_deviation([100 * run["test_accuracy"] for run in runs], 2)
    header = (
        "Command",
        "Test accuracy",
        "Wall time",
        "Peak memory while training",
        "Hardware (float32 matmul throughput)",
    )
    row = (
        "`make run` (70,000 MNIST digits)",
        f"{accuracy} %, n = {len(runs)}",
        f"{mean_and_deviation([run['command_seconds'] for run in runs], 0)} s",
        f"{mean_and_deviation([run['peak_rss_mb'] for run in runs], 0)} MB",
        f"{machine['processor']}, {machine['logical_cpus']} cores, {machine['matmul_gflops']:.0f} GFLOP/s",
    )
    source = (
        'Mean ± standard deviation. Measured with `make bench-run ARGS="--seeds 3"`, '
        f"{_measured(entry)}. [benchmarks/results/whole_run.json](benchmarks/results/whole_run.json) has every run."
    )
    return [markdown(header, [row]), wrapped(source)]


def _races(lower: Mapping[str, Any], higher: Mapping[str, Any]) -> list[str]:
    contestants = by_contestant(lower["runs"])
    ours_first, *ours_others = [label for label in contestants if is_ours(label)]
    ours = contestants[ours_first]
    rows = [_row(f"**{OURS}**, `--env speed`", ours, ours)]
    rivals = sorted((label for label in contestants if not is_ours(label)), key=lambda name: _mean(contestants[name]))
    rows += [_row(NAMES[label], contestants[label], ours) for label in rivals]
    header = ("Training time to 98 % test accuracy", "Settings", "Seconds", "Times slower", "Peak memory", "n")
    others = by_contestant(higher["runs"])
    tuned = [NAMES[label] for label in rivals if contestants[label][0]["tuning"] == TUNED]
    missing = [label for label in RIVALS if label not in contestants]
    machine = lower["hardware"]
    text = [
        f"{OURS} reaches 99 % in {mean_and_deviation(seconds(others[ours_first]), 1)} s (`--env speed_99`); "
        f"{_rivals_at_99({label: runs for label, runs in others.items() if not is_ours(label)})}.",
        f"Our recipe{f' and the settings of {tuned[0]} are' if tuned else ' is'} tuned for the goal; the others have "
        "the settings of their examples, or defaults.",
        f"Seconds of training, n rounds in which the contestants ran in turn; {machine['processor']}, "
        f"{machine['logical_cpus']} cores, {machine['matmul_gflops']} GFLOP/s in float32, {_measured(lower)}.",
    ]
    text += [
        f"{label}: {mean_and_deviation(seconds(contestants[label]), 1)} s and "
        f"{mean_and_deviation(seconds(others[label]), 1)} s."
        for label in ours_others
    ]
    if missing:
        text.append(f"Not measured yet: {', '.join(NAMES[label] for label in missing)}.")
    text.append("Measured with `make bench`; see [all tables and the method](docs/benchmarks.md).")
    return [markdown(header, rows), wrapped(" ".join(text))]


def _row(name: str, runs: list[Run], ours: list[Run]) -> tuple[object, ...]:
    slower = "1" if runs is ours else mean_and_deviation(ratios(runs, ours), 1) if len(runs) > 1 else "-"
    memory = f"{statistics.mean(run['peak_rss_mb'] for run in runs):,.0f} MB"
    return name, runs[0]["tuning"], mean_and_deviation(seconds(runs), 1), slower, memory, len(seconds(runs))


def _mean(runs: list[Run]) -> float:
    return statistics.mean(seconds(runs)) if seconds(runs) else float("inf")


def _rivals_at_99(rivals: Mapping[str, list[Run]]) -> str:
    """Say which rivals reached the higher goal, and how long the others tried."""
    reached = [
        f"{label} in {mean_and_deviation(seconds(runs), 1)} s" for label, runs in rivals.items() if seconds(runs)
    ]
    missed = [runs for runs in rivals.values() if not seconds(runs)]
    parts = [f"{' and '.join(reached)} as well"] if reached else []
    if missed:
        rounds = {len(runs) for runs in missed}
        tries = "one round" if rounds == {1} else f"{max(rounds)} rounds"
        parts.append(f"the others, with {tries} each, did not reach it within {missed[0][0]['limit']:.0f} s")
    return "; ".join(parts)


def _measured(entry: Mapping[str, Any]) -> str:
    return f"{entry['date']}, {commit_of(entry)}"
