"""Tables in Markdown."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any


def mean_and_deviation(values: Sequence[float], digits: int) -> str:
    """Format mean and standard deviation; a single value has no deviation, and no value is a dash."""
    if not values:
        return "-"
    if len(values) < 2:
        return f"{values[0]:,.{digits}f}"
    return f"{statistics.mean(values):,.{digits}f} ± {statistics.stdev(values):,.{digits}f}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Format a table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def machine_line(results: Mapping[str, Any]) -> str:
    """Describe in one line when, with which code and on which machine the results were measured."""
    machine = results["hardware"]
    threads = f"{machine['threads']} thread{'s' if machine['threads'] > 1 else ''} on {machine['logical_cpus']} cores"
    load = "not recorded" if results.get("load") is None else f"{results['load']:.1f}"
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{results['date']}, {commit_of(results)}, {machine['processor']}, {threads}, "
        f"float32 matrix products at {machine['matmul_gflops']} GFLOP/s, load before the start {load}; {versions}."
    )


def commit_of(results: Mapping[str, Any]) -> str:
    """Describe the code that was measured, and mark it if it was not exactly that of a commit."""
    if results.get("commit") is None:
        return "commit not recorded"
    return f"commit {results['commit'][:9]}{'' if results['clean'] else ' with uncommitted changes'}"
