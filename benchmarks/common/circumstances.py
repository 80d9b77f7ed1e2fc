"""The circumstances of a measurement: when, with which code, on which machine, and how busy that machine was."""

import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import hardware
from benchmarks.common.paths import PROJECT

WRITTEN_BY_BENCHMARKS = ("benchmarks/results", "docs/benchmarks.md", "README.md")
"""A benchmark changes these files; they do not make the tree of the next benchmark unclean."""


@dataclass(frozen=True)
class Circumstances:
    """What a result has to be read with.

    Attributes:
        date: Day on which the measurement began, ISO 8601.
        command: Command that measured.
        commit: Hash of the commit; None outside a Git repository.
        clean: Whether all other files were as in the commit; None outside a Git repository.
        load: Average number of running processes in the minute before the start; about 0 on an idle machine.
        hardware: Processor, memory, versions and the rate of matrix products.
    """

    date: str
    command: str
    commit: str | None
    clean: bool | None
    load: float
    hardware: dict[str, Any]

    @classmethod
    def now(cls, *, quick: bool = False) -> "Circumstances":
        """Describe the present circumstances. Call it before the measurement: the measurement itself is load.

        Args:
            quick: Whether to measure the rate of matrix products only briefly.
        """
        load = os.getloadavg()[0]
        commit, clean = code_version(PROJECT)
        described = hardware.describe(rounds=1 if quick else 5)
        return cls(time.strftime("%Y-%m-%d"), command(), commit, clean, load, described)


def command() -> str:
    """Return the command that started this process, with the script as a module."""
    specification = getattr(sys.modules["__main__"], "__spec__", None)
    script = ["-m", specification.name] if specification else sys.argv[:1]
    return shlex.join(["python", *script, *sys.argv[1:]])


def code_version(project: Path) -> tuple[str | None, bool | None]:
    """Return the hash of the commit and whether the code is that of the commit; None for both without Git."""
    changes = ["status", "--porcelain", "--", ".", *(f":!{path}" for path in WRITTEN_BY_BENCHMARKS)]
    try:
        return _git(project, "rev-parse", "HEAD"), not _git(project, *changes)
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(project: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()
