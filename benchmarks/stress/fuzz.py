"""Feed damaged and forged files to everything that reads files.

Mutates IDX files, plain and gzipped, and the files of networks and checkpoints: flipped bits, missing, added and
repeated bytes, wrong lengths, changed JSON, and inconsistent contents with a correct checksum. Each case must end, in
limited time and memory, with a ValueError or an OSError, or with exactly the content of the file according to an
independent reader. Nothing may be unpickled. Writes fuzz.json. Exit code 1 if a case does anything else.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.stress.fuzz_files import fuzz_files
from benchmarks.stress.fuzz_idx import fuzz_idx

NAME = "fuzz"
QUICK_CASES = 30


def main() -> None:
    """Run all cases and write."""
    options_parser = parser(__doc__, f"{QUICK_CASES} cases of each kind")
    options_parser.add_argument("--idx", type=int, default=10_000, help="number of IDX files")
    options_parser.add_argument("--files", type=int, default=2_000, help="number of files of networks and checkpoints")
    options_parser.add_argument("--seed", type=int, default=0)
    options_parser.add_argument(
        "--minutes", type=float, default=60.0, help="of each kind; no case begins after this time"
    )
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    findings: dict[str, Any] = {"seed": options.seed}
    defects: list[str] = []
    total = 0
    for name, fuzz, cases in (("IDX", fuzz_idx, options.idx), ("networks and checkpoints", fuzz_files, options.files)):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            number = QUICK_CASES if options.quick else cases
            report = fuzz(Path(folder), number, options.seed, started + 60 * options.minutes)
        seconds, outcomes = time.monotonic() - started, dict(report.outcomes.most_common())
        done = sum(outcomes.values())
        total += done
        print(f"{name}: {done} cases in {seconds:.0f} s: {outcomes}")
        findings[name] = {"cases": done, "seconds": seconds, "outcomes": outcomes, "defects": report.defects}
        defects += report.defects
    for defect in defects:
        print(f"DEFECT {defect}")
    print(f"Wrote {write_results(NAME, circumstances, findings, n=total, quick=options.quick)}.")
    sys.exit(bool(defects))


if __name__ == "__main__":
    main()
