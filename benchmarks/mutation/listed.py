"""Check that the tests notice every mutant of a list of plausible mistakes.

Applies the mutants of `benchmarks/mutation/mutants.py` one after another to a copy of the project and runs the tests
that should notice. Prints a table and writes mutation_listed.json. Exit code 1 if a mutant survives.
"""

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.common.tables import markdown
from benchmarks.mutation.mutant import Mutant
from benchmarks.mutation.mutants import MUTANTS
from benchmarks.mutation.project_copy import ProjectCopy

NAME = "mutation_listed"
TIMEOUT_FACTOR = 5
MIN_TIMEOUT = 60.0  # seconds


def main() -> None:
    """Run the mutants, print, and write."""
    options_parser = parser(__doc__, "only the first mutant")
    options_parser.add_argument("--only", default="", help="mutants whose name or file contains this text")
    options = options_parser.parse_args()
    mutants = [mutant for mutant in MUTANTS if options.only in f"{mutant.file} {mutant.name}"]
    mutants = mutants[:1] if options.quick else mutants
    if not mutants:
        sys.exit(f"No mutant contains {options.only!r}: choose one of {', '.join(m.name for m in MUTANTS)}")
    circumstances = Circumstances.now(quick=options.quick)
    with tempfile.TemporaryDirectory(prefix="mnist-growth-mutants-") as folder:
        project = ProjectCopy.make(Path(folder))
        timeouts = {tests: _timeout(project, tests) for tests in dict.fromkeys(mutant.tests for mutant in mutants)}
        found = {}
        for mutant in mutants:
            found[mutant.name] = _is_killed(project, mutant, timeouts[mutant.tests])
            print(f"{'killed  ' if found[mutant.name] else 'SURVIVED'}  {mutant.file}: {mutant.name}", flush=True)
    survivors = [name for name, is_killed in found.items() if not is_killed]
    rows = [(mutant.name, mutant.file, "killed" if found[mutant.name] else "**survived**") for mutant in mutants]
    print(markdown(("Mutant", "File", "Result"), rows))
    print(f"{len(found) - len(survivors)} of {len(found)} mutants were killed.")
    if not options.only:
        findings = {"killed": len(found) - len(survivors), "survivors": survivors}
        print(f"Wrote {write_results(NAME, circumstances, findings, n=len(found), quick=options.quick)}.")
    sys.exit(bool(survivors))


def _timeout(project: ProjectCopy, tests: str) -> float:
    """Return the seconds that tests may take with a mutant.

    Raises:
        RuntimeError: The tests fail without a mutant.
    """
    started = time.monotonic()
    if not project.passes(tests.split()):
        raise RuntimeError(f"The tests in {tests} fail without a mutant: repair them first")
    return max(MIN_TIMEOUT, TIMEOUT_FACTOR * (time.monotonic() - started))


def _is_killed(project: ProjectCopy, mutant: Mutant, timeout: float) -> bool:
    with project.changed(mutant.file, mutant.old, mutant.new):
        return not project.passes(mutant.tests.split(), timeout)


if __name__ == "__main__":
    main()
