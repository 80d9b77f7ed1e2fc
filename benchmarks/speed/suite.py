"""Run the speed benchmarks one after the other and write their tables into docs/benchmarks.md.

Nothing else should run on the machine. With `--quick` the tables are printed and the page is not changed.
"""

import subprocess
import sys
import time

from benchmarks.common.cli import parser
from benchmarks.common.paths import PROJECT
from benchmarks.page import SPEED, speed_sections, write_page


def main() -> None:
    """Run the benchmarks and write the page."""
    options_parser = parser(__doc__, "seconds for each benchmark")
    options_parser.add_argument("--only", nargs="+", default=list(SPEED), choices=list(SPEED))
    options = options_parser.parse_args()
    quick = ["--quick"] if options.quick else []
    failed = []
    for name in options.only:
        started = time.perf_counter()
        command = [sys.executable, "-m", f"benchmarks.speed.{name}", *quick]
        if subprocess.run(command, cwd=PROJECT, check=False).returncode != 0:
            failed.append(name)
        print(f"{name}: {time.perf_counter() - started:.0f} s\n", flush=True)
    if options.quick:
        print(speed_sections(quick=True))
    else:
        write_page()
    if failed:
        sys.exit(f"These benchmarks failed or missed their target: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
