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
    """Describe in one line what the results were measured with."""
    machine = results["hardware"]
    threads = f"{machine['threads']} thread{'s' if machine['threads'] > 1 else ''}"
    load = f", load {results['load']:.1f} before the start" if "load" in results else ""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{results['date']}, {machine['processor']}, {threads} on {machine['logical_cpus']} cores, "
        f"float32 matrix products at {machine['matmul_gflops']} GFLOP/s{load}; {versions}."
    )
