"""The folders of the project and of the results of benchmarks."""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "benchmarks" / "results"
QUICK_RESULTS = PROJECT / "build" / "benchmarks"
"""Where trial runs (`--quick`) write: their numbers are not measurements."""
