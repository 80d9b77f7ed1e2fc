"""How benchmarks write their numbers down: tables in Markdown and files of results."""

import json
import os
import shlex
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common.hardware import describe
from benchmarks.common.paths import PROJECT, QUICK_RESULTS, RESULTS
from mnist_growth.hooks import git_commit


def mean_and_deviation(values: Sequence[float], digits: int) -> str:
    """Mean and standard deviation; of a single value there is none, of no value a dash."""
    if not values:
        return "-"
    if len(values) < 2:
        return f"{values[0]:,.{digits}f}"
    return f"{statistics.mean(values):,.{digits}f} ± {statistics.stdev(values):,.{digits}f}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def machine_line(results: Mapping[str, Any]) -> str:
    """One line on what the results were measured with."""
    machine = results["hardware"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{results['date']}, {machine['processor']}, {machine['threads']} threads of {machine['logical_cpus']} cores, "
        f"float32 matmul {machine['matmul_gflops']} GFLOP/s, load {results['load']:.1f} before the start; {versions}."
    )


def keep_findings(name: str, findings: Mapping[str, Any], *, quick: bool = False) -> Path:
    """Write what a check of dependability has found, with date, commit, command and hardware. Returns the file."""
    about = {"date": time.strftime("%Y-%m-%d"), "commit": git_commit(PROJECT), "command": shlex.join(sys.argv)}
    return write_results(name, {**about, "hardware": describe(), **findings}, quick=quick)


def circumstances() -> dict[str, Any]:
    """Date, and how many processes wanted to compute in the last minute: on an idle machine none."""
    return {"date": time.strftime("%Y-%m-%d"), "load": os.getloadavg()[0]}


def write_results(name: str, results: Mapping[str, Any], *, quick: bool) -> Path:
    """Write results in one step: an interruption leaves the earlier ones. Returns the file."""
    path = (QUICK_RESULTS if quick else RESULTS) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(results, indent=1) + "\n")
    os.replace(temporary, path)  # noqa: PTH105
    return path
