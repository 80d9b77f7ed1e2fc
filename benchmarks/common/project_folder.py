"""A copy of the project without its data, for benchmarks that run `kedro` and must not change the user's data."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.common.paths import PROJECT

KEDRO = Path(sys.executable).with_name("kedro")


def make_project(folder: Path, *, with_raw_digits: bool = False) -> Path:
    """Copy the configuration and make empty data folders; the code is that of the installed package.

    Args:
        folder: Folder to create.
        with_raw_digits: Whether to link the downloaded digits, so that they are not downloaded again.
    """
    (folder / "src").mkdir(parents=True)  # Kedro requires this folder
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder)
    shutil.copytree(PROJECT / "conf", folder / "conf")
    for layer in (PROJECT / "data").iterdir():
        (folder / "data" / layer.name).mkdir(parents=True)
    if with_raw_digits:
        for digits in (PROJECT / "data" / "01_raw").iterdir():
            if digits.is_dir():
                (folder / "data" / "01_raw" / digits.name).symlink_to(digits.resolve())
    return folder


def start_kedro(folder: Path, *arguments: str, threads: int = 1) -> "subprocess.Popen[str]":
    """Start `kedro <arguments>` and capture its output.

    Args:
        folder: Folder of the project.
        arguments: Arguments of the command.
        threads: Number of computing threads. Runs with the same number repeat bit for bit.
    """
    return subprocess.Popen(
        [KEDRO, *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": str(threads), "MLFLOW_DISABLE_TELEMETRY": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kedro(folder: Path, *arguments: str, threads: int = 1) -> tuple[int, str, str]:
    """Run `kedro <arguments>` to its end and return exit code, output and errors."""
    process = start_kedro(folder, *arguments, threads=threads)
    output, errors = process.communicate()
    return process.returncode, output, errors


def run_kedro(folder: Path, *arguments: str, threads: int = 1) -> None:
    """Run a `kedro` command that must succeed.

    Raises:
        RuntimeError: The command failed.
    """
    code, output, errors = kedro(folder, *arguments, threads=threads)
    if code != 0:
        raise RuntimeError(f"`kedro {' '.join(arguments)}` ended with exit code {code}: {output}{errors}")
