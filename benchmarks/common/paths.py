"""Where the project and the results of benchmarks are."""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "benchmarks" / "results"
QUICK_RESULTS = PROJECT / "build" / "benchmarks"
"""Where ``--quick`` writes: its numbers are not measurements."""
