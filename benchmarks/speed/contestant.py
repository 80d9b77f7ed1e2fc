"""One contestant in a process of its own: `python -m benchmarks.speed.contestant <name> <folder>`.

Reads the digits and race.json (seed, goals, recipe) from the folder and prints one line of JSON: the curve, the
settings and the peak memory. What its libraries do at their first use is done before, on a thousand digits.
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
    """Warm up, race, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    entry = json.loads((options.folder / "race.json").read_text())
    contestant = importlib.import_module(f"benchmarks.speed.contestants.{options.name}")
    digits = Arrays.read(options.folder)
    for race in (
        Race(digits.first(WARM_UP_DIGITS), goals={}),
        Race(digits, {float(accuracy): seconds for accuracy, seconds in entry["goals"].items()}),
    ):
        with contextlib.suppress(Finished):
            contestant.run(race, entry["seed"], entry["recipe"])
    reached = {accuracy: race.seconds_to(float(accuracy)) for accuracy in entry["goals"]}
    report = {"curve": race.curve, "seconds_to": reached, "settings": getattr(contestant, "SETTINGS", "")}
    print(json.dumps({**report, "peak_rss_mb": round(peak_rss_bytes() / 1e6)}))


def peak_rss_bytes() -> int:
    """Largest resident memory of this process; on Linux without that of the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage goes on counting from the memory that was there before exec
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


if __name__ == "__main__":
    main()
