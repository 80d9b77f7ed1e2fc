"""The one writer of result files. Every result carries its circumstances and the number of repetitions."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.paths import QUICK_RESULTS, RESULTS
from mnist_growth.machine import atomic_path

FACTS = (*Circumstances.__dataclass_fields__, "n")
"""What every entry of a results file contains besides its findings."""

HARDWARE_FACTS = ("processor", "logical_cpus", "threads", "memory_gb", "system", "versions", "matmul_gflops")
ALL_FACTS_SINCE = "2026-11-26"
"""Day since which all facts are recorded; older results may lack some, which their tables say."""


def results_file(name: str, *, quick: bool) -> Path:
    """Return the file that holds the results of a benchmark, whether it exists or not."""
    return (QUICK_RESULTS if quick else RESULTS) / f"{name}.json"


def read_results(name: str, *, quick: bool) -> dict[str, Any]:
    """Read the results of a benchmark; empty if there are none."""
    path = results_file(name, quick=quick)
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def write_results(
    name: str,
    circumstances: Circumstances,
    findings: Mapping[str, Any],
    *,
    n: int,
    quick: bool,
    entry: str | None = None,
) -> Path:
    """Write the results of a benchmark in one step: after an interruption the earlier results are intact.

    Args:
        name: Name of the benchmark, and of the file.
        circumstances: Circumstances at the start of the measurement.
        findings: What was measured, as values that JSON has.
        n: Number of repetitions: rounds, runs, seeds or cases.
        quick: Whether this was a trial run, whose numbers are not measurements.
        entry: Key of these results in a file that holds several; other entries are kept.

    Returns:
        The file.

    Raises:
        ValueError: A finding has the name of a circumstance.
    """
    if clash := set(FACTS) & findings.keys():
        raise ValueError(f"The findings contain {', '.join(sorted(clash))}, which the circumstances contain as well.")
    results = {**asdict(circumstances), "n": n, **findings}
    path = results_file(name, quick=quick)
    content = results if entry is None else {**read_results(name, quick=quick), entry: results}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return path


def entries(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the entries of a results file by their key; the key of a single result is empty."""
    return {"": dict(content)} if "hardware" in content else {key: dict(entry) for key, entry in content.items()}


def check_facts(entry: Mapping[str, Any]) -> None:
    """Check that an entry says when, with which code, on which machine and how often it was measured.

    Raises:
        ValueError: A fact is missing.
    """
    missing = [name for name in FACTS if name not in entry]
    missing += [f"hardware.{name}" for name in HARDWARE_FACTS if name not in entry.get("hardware", {})]
    if not missing and entry["date"] >= ALL_FACTS_SINCE:
        missing = [name for name in FACTS if entry[name] is None]
    if missing:
        raise ValueError(f"The results lack {', '.join(missing)}: repeat the benchmark")
