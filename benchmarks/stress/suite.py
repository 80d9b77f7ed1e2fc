"""Run the stress tests one after the other.

Kills trainings, trains for many epochs, reads damaged files, trains on more digits than fit into memory, and predicts
many files. Kills and damaged files end after a number of minutes, whatever has been done until then. Every test writes
its own results. Exit code 1 if one of them fails.
"""

import subprocess
import sys
import time

from benchmarks.common.cli import parser
from benchmarks.common.paths import PROJECT

TESTS = ("kill", "leak", "fuzz", "larger_than_memory", "batch_memory")
BOUNDED = ("kill", "fuzz")
"""Tests that stop after a given time; the others have a fixed amount of work."""


def main() -> None:
    """Run the tests and print a summary."""
    options_parser = parser(__doc__, "a minute for each test")
    options_parser.add_argument("--only", nargs="+", default=list(TESTS), choices=TESTS)
    options_parser.add_argument("--minutes", type=float, default=15.0, help="for kills, and for each kind of file")
    options = options_parser.parse_args()
    summary = {}
    for name in options.only:
        command = [sys.executable, "-m", f"benchmarks.stress.{name}", *(["--quick"] if options.quick else [])]
        command += ["--minutes", str(options.minutes)] if name in BOUNDED else []
        print(f"== {name}", flush=True)
        started = time.monotonic()
        code = subprocess.run(command, cwd=PROJECT, check=False).returncode
        summary[name] = code
        print(f"== {name}: exit code {code} after {time.monotonic() - started:.0f} s\n", flush=True)
    failed = [name for name, code in summary.items() if code != 0]
    print(f"Failed: {', '.join(failed) or 'none'}.")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
