"""Train one contestant in a process of its own: `python -m benchmarks.speed.contestant <name> <folder>`.

Reads the digits and race.json (seed, goals, recipe) from the folder and prints one line of JSON: the curve, the
settings and the peak memory. A warm-up on a thousand digits comes first, so that what the libraries do at their first
use is not measured.
"""

import argparse
import contextlib
import importlib
import json
import resource
import sys
from pathlib import Path

from benchmarks.speed.race import Arrays, Finished, Race

WARM_UP_DIGITS = 1000


def main() -> None:
    """Warm up, race, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    entry = json.loads((options.folder / "race.json").read_text("utf-8"))
    contestant = importlib.import_module(f"benchmarks.speed.contestants.{options.name}")
    digits = Arrays.read(options.folder)
    for race in (
        Race(digits.first(WARM_UP_DIGITS), goals={}),
        Race(digits, {float(accuracy): seconds for accuracy, seconds in entry["goals"].items()}),
    ):
        with contextlib.suppress(Finished):
            contestant.run(race, entry["seed"], entry["recipe"])
    report = {
        "curve": race.curve,
        "seconds_to": {accuracy: race.seconds_to(float(accuracy)) for accuracy in entry["goals"]},
        "settings": contestant.SETTINGS,
        "origin": contestant.ORIGIN,
        "tuning": contestant.TUNING,
        "peak_rss_mb": round(peak_rss_bytes() / 1e6),
    }
    print(json.dumps(report))


def peak_rss_bytes() -> int:
    """Return the peak resident memory of this process; on Linux without that of its parent.

    A copy of `mnist_growth.machine.peak_rss_bytes` that does not import PyTorch.
    """
    status = Path("/proc/self/status")
    if status.exists():  # getrusage includes the memory of the process that called exec
        line = next(line for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


if __name__ == "__main__":
    main()
