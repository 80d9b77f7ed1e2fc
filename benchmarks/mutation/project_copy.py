"""A copy of the project whose code can be changed, and tests that run on it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common.paths import PROJECT

COPIED = ("src", "tests", "benchmarks", "conf", "docs", "pyproject.toml")
PACKAGE = Path("src") / "mnist_growth"


@dataclass(frozen=True)
class ProjectCopy:
    """A copy of the code, the tests and the configuration, without data.

    Attributes:
        folder: Folder of the copy.
    """

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "ProjectCopy":
        """Copy the project into a new folder."""
        for name in COPIED:
            source = PROJECT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
            else:
                shutil.copy(source, folder / name)
        return cls(folder)

    @contextlib.contextmanager
    def changed(self, file: str, old: str, new: str) -> Iterator[None]:
        """Replace a text in a file of the package for a while.

        Raises:
            ValueError: The text does not occur exactly once.
        """
        path = self.folder / PACKAGE / file
        content = path.read_text("utf-8")
        path.write_text(replaced(content, file, old, new), "utf-8")
        try:
            yield
        finally:
            path.write_text(content, "utf-8")

    def passes(self, tests: Sequence[str], timeout: float | None = None) -> bool:
        """Run tests until the first failure, and return whether all of them pass within the time.

        Args:
            tests: Files or folders, relative to the folder of the tests.
            timeout: Seconds after which the tests are stopped and count as failed; None: no limit.

        Raises:
            RuntimeError: pytest found no tests, or could not run them.
        """
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        with subprocess.Popen(
            [*command, *(f"tests/{name}" for name in tests)],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(self.folder / "src"),
                "PYTHONDONTWRITEBYTECODE": "1",  # a change that keeps size and second would run the old bytecode
                "OMP_NUM_THREADS": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                return False
            finally:  # also ends what the tests have started
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode not in (0, 1):
            raise RuntimeError(f"pytest ended with exit code {process.returncode}: {output[-2000:]}")
        return process.returncode == 0


def replaced(content: str, file: str, old: str, new: str) -> str:
    """Return the content of a file with one text replaced.

    Raises:
        ValueError: The text does not occur exactly once.
    """
    if (count := content.count(old)) != 1:
        raise ValueError(f"{file} contains {old!r} {count} times; expected once: adapt the mutant to the code")
    return content.replace(old, new)
