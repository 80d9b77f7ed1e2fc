"""A copy of the project without its data, for benchmarks that run `kedro` and must not change the user's data."""

import os
import shutil
import subprocess
import sys
import time
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


def measured_kedro(folder: Path, *arguments: str) -> tuple[float, int]:
    """Run `kedro <arguments>` to its end and return its time in seconds and its peak RSS in bytes.

    Its output is discarded: a reader would take processor time from it.

    Raises:
        RuntimeError: The command failed.
    """
    started = time.perf_counter()
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    process = subprocess.Popen([KEDRO, *arguments], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"`kedro {' '.join(arguments)}` ended with exit code {process.returncode}")
    return seconds, usage.ru_maxrss * 1024


def run_kedro(folder: Path, *arguments: str, threads: int = 1) -> None:
    """Run a `kedro` command that must succeed.

    Raises:
        RuntimeError: The command failed.
    """
    code, output, errors = kedro(folder, *arguments, threads=threads)
    if code != 0:
        raise RuntimeError(f"`kedro {' '.join(arguments)}` ended with exit code {code}: {output}{errors}")
