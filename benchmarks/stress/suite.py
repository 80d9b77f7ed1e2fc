"""Run the stress tests one after the other.

Kills trainings and other pipelines, trains for many epochs, reads damaged files, trains on more digits than fit into
memory, and predicts many files. Stops and kills the service under load, and sends it costly images and many requests.
Kills and damaged files end after a number of minutes, whatever has been done until then. Every test writes its own
results; stress.json has the exit code and the duration of each. Exit code 1 if one of them fails.
"""

import subprocess
import sys
import time

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.paths import PROJECT
from benchmarks.common.results import write_results

NAME = "stress"
TESTS = (
    "kill",
    "kill_pipelines",
    "kill_processes",
    "leak",
    "fuzz",
    "larger_than_memory",
    "batch_memory",
    "stop_service",
    "large_images",
    "many_requests",
)
BOUNDED = ("kill", "kill_pipelines", "kill_processes", "fuzz")
"""Tests that stop after a given time; the others have a fixed amount of work."""


def main() -> None:
    """Run the tests, print a summary, and write it."""
    options_parser = parser(__doc__, "a minute for each test")
    options_parser.add_argument("--only", nargs="+", default=list(TESTS), choices=TESTS)
    options_parser.add_argument("--minutes", type=float, default=15.0, help="for kills, and for each kind of file")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    summary = {}
    for name in options.only:
        arguments = ["--quick"] if options.quick else []
        arguments += ["--minutes", str(options.minutes)] if name in BOUNDED else []
        print(f"== {name}", flush=True)
        started = time.monotonic()
        code = exit_code_of(name, arguments)
        summary[name] = {"exit_code": code, "seconds": round(time.monotonic() - started, 1)}
        print(f"== {name}: exit code {code} after {summary[name]['seconds']:.0f} s\n", flush=True)
    path = write_results(NAME, circumstances, {"tests": summary}, n=len(summary), quick=options.quick)
    failed = [name for name, found in summary.items() if found["exit_code"] != 0]
    print(f"Failed: {', '.join(failed) or 'none'}. Wrote {path}.")
    sys.exit(bool(failed))


def exit_code_of(name: str, arguments: list[str]) -> int:
    """Run a test in a process of its own and return its exit code."""
    command = [sys.executable, "-m", f"benchmarks.stress.{name}", *arguments]
    return subprocess.run(command, cwd=PROJECT, check=False).returncode


if __name__ == "__main__":
    main()
