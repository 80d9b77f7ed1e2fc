"""Estimate how many mistakes the tests notice, from random samples of all mutants that mutmut can make.

mutmut changes one operator, number, name, text or argument of a function at a time, and runs the tests that call this
function. The mutants are those of the packages that compute (network, growth, learning, training and digits), and each
runs only the tests of its package. Prints the survivors as differences, which have to be read: many of them do the same
as the original. Writes mutation_sampled.json, one entry for each package.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.common.tables import markdown
from benchmarks.mutation.project_copy import COPIED, PACKAGE, ProjectCopy
from mnist_growth.evaluation import wilson_interval

NAME = "mutation_sampled"
PACKAGES = ("network", "growth", "learning", "training", "digits")
QUICK_SIZE = 3

# Each mutant has three times the seconds that its tests take without it, and half a minute.
CONFIGURATION = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {files}
also_copy = {copied}
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "no:xdist"]
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 3.0
timeout_constant = 10.0
"""

SURVIVED, NO_TESTS, NOT_RUN = 0, 33, None
TIMEOUTS = (24, -24, 36, 152, 255)
"""Exit codes of mutmut; all others mean that a test failed or that the process crashed."""


def main() -> None:
    """Draw and run the samples, print, and write."""
    options_parser = parser(__doc__, f"{QUICK_SIZE} mutants of one package")
    options_parser.add_argument("--size", type=int, default=80, help="number of mutants of each package")
    options_parser.add_argument("--seed", type=int, default=0, help="of the samples")
    options_parser.add_argument("--processes", type=int, default=1, help="number of mutants that run at the same time")
    options_parser.add_argument("--packages", nargs="+", default=list(PACKAGES), choices=PACKAGES)
    options = options_parser.parse_args()
    rows = []
    for package in ["growth"] if options.quick else options.packages:
        circumstances = Circumstances.now(quick=options.quick)
        size = QUICK_SIZE if options.quick else options.size
        findings = sample_package(package, size, options.seed, options.processes)
        killed, size, texts = findings["killed"], findings["size"], len(findings["survivors_that_change_only_a_text"])
        low, high = findings["killed_interval"]
        share = f"{killed / size:.0%} ({low:.0%} to {high:.0%})"
        rows.append((package, findings["population"], size, killed, share, texts, size - killed - texts))
        path = write_results(NAME, circumstances, findings, n=size, quick=options.quick, entry=package)
        print(f"Wrote {path}.", flush=True)
    header = ("Package", "Mutants", "Sample", "Killed", "Share (95 %)", "Survived: only a text", "Survived: others")
    print(markdown(header, rows))


def sample_package(package: str, size: int, seed: int, processes: int = 1) -> dict[str, Any]:
    """Run a sample of the mutants of a package, print the survivors, and return the findings."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mnist-growth-mutants-") as folder:
        mutants = PackageMutants(ProjectCopy.make(Path(folder)), package)
        names = mutants.names()
        chosen = sorted(random.Random(seed).sample(names, min(size, len(names))))
        codes = mutants.run(chosen, processes)
        survivors = {name: mutants.difference(name) for name in chosen if codes[name] in (SURVIVED, NO_TESTS)}
    texts = [name for name, difference in survivors.items() if changes_only_text(difference)]
    for name, difference in survivors.items():
        print(f"{name}{' (only a text)' if name in texts else ''}\n{difference}\n")
    killed = len(chosen) - len(survivors)
    low, high = wilson_interval(np.array([killed]), np.array([len(chosen)]))
    return {
        "seed": seed,
        "population": len(names),
        "size": len(chosen),
        "killed": killed,
        "killed_interval": [round(float(low[0]), 3), round(float(high[0]), 3)],
        "timeouts": sum(code in TIMEOUTS for code in codes.values()),
        "survivors": survivors,
        "survivors_that_change_only_a_text": texts,
        "seconds": round(time.monotonic() - started),
    }


class PackageMutants:
    """Mutants that mutmut makes in a copy of the project.

    Args:
        project: The copy.
        package: Package that is changed, and whose tests run.
    """

    def __init__(self, project: ProjectCopy, package: str) -> None:
        self._project = project
        configuration = CONFIGURATION.format(
            files=json.dumps([f"{PACKAGE.as_posix()}/{package}/*"]),
            copied=json.dumps([name for name in COPIED if name not in ("src", "tests", "pyproject.toml")]),
            tests=json.dumps([f"tests/{package}"]),
        )
        with (project.folder / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(configuration)
        # Python would remember for the process that makes it that this folder on its path does not exist.
        (project.folder / "mutants" / "src").mkdir(parents=True)

    def names(self) -> list[str]:
        """Make all mutants, and measure which tests call which function.

        Raises:
            RuntimeError: The tests fail without a mutant.
        """
        # There is no command for this: without a mutant of this name, mutmut stops when all is made and measured.
        output = self._mutmut("run", "none")
        names = sorted(self._codes())
        if not names or "nothing matches" not in output:
            raise RuntimeError(f"mutmut could not make the mutants or run the tests: {output[-3000:]}")
        return names

    def run(self, names: list[str], processes: int = 1) -> dict[str, int]:
        """Run the tests of mutants, several at the same time, and return the exit codes by their names.

        Raises:
            RuntimeError: mutmut stopped early.
        """
        output = self._mutmut("run", "--max-children", str(processes), *names)
        codes = self._codes()
        found = {name: code for name in names if (code := codes[name]) is not NOT_RUN}
        if len(found) < len(names):
            raise RuntimeError(f"mutmut ran {len(found)} of {len(names)} mutants: {output[-3000:]}")
        return found

    def difference(self, name: str) -> str:
        """Return what a mutant changes, as lines with - and +."""
        lines = self._mutmut("show", name).splitlines()
        return "\n".join(line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))

    def _codes(self) -> dict[str, int | None]:
        """Return the exit codes of all mutants by their names."""
        codes: dict[str, int | None] = {}
        for path in (self._project.folder / "mutants" / "src").rglob("*.meta"):
            codes |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        return codes

    def _mutmut(self, *arguments: str) -> str:
        """Run mutmut in the copy; processes that the tests start import the mutants too."""
        result = subprocess.run(
            [sys.executable, "-m", "mutmut", *arguments],
            cwd=self._project.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(self._project.folder / "mutants" / "src"),
                "OMP_NUM_THREADS": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return result.stdout


def changes_only_text(difference: str) -> bool:
    """Return whether a difference changes nothing but string literals, such as error messages."""
    before, after = (
        [re.sub(r"\"[^\"]*\"|'[^']*'", '""', line[1:]) for line in difference.splitlines() if line.startswith(sign)]
        for sign in "-+"
    )
    return before == after


if __name__ == "__main__":
    main()
