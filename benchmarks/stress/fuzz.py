"""Feed damaged and forged files to everything that reads files.

`python -m benchmarks.stress.fuzz --idx 10000 --files 2000` mutates IDX files, plain and gzipped, and the files of
networks and checkpoints: flipped bits, missing, surplus and repeated bytes, other lengths, other JSON, and contents
that do not fit together under a checksum that does. Each case has to end, in limited time and memory, with a
ValueError or an OSError, or with exactly what the file says, as an independent reading of it tells. Nothing may be
unpickled. Writes benchmarks/results/fuzz.json. Exit code 1 if one does not.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common.tables import keep_findings
from benchmarks.stress.fuzz_files import fuzz_files
from benchmarks.stress.fuzz_idx import fuzz_idx


def main() -> None:
    """Run all cases and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idx", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    failed, findings = False, dict[str, Any]()
    for name, fuzz, cases in (("IDX", fuzz_idx, options.idx), ("networks and checkpoints", fuzz_files, options.files)):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            report = fuzz(Path(folder), cases, options.seed)
        seconds, outcomes = time.monotonic() - started, dict(report.outcomes.most_common())
        print(f"{name}: {cases} cases in {seconds:.0f} s: {outcomes}")
        findings[name] = {"cases": cases, "seconds": seconds, "outcomes": outcomes, "defects": list(report.defects)}
        for defect in report.defects:
            print(f"DEFECT {defect}")
        failed |= bool(report.defects)
    print(keep_findings("fuzz", {"seed": options.seed, **findings}))
    sys.exit(failed)


if __name__ == "__main__":
    main()
