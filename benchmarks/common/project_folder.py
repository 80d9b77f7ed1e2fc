"""A copy of the project without its data, for benchmarks that run `kedro` and must leave the user's data alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.common.paths import PROJECT

KEDRO = Path(sys.executable).with_name("kedro")


def make_project(folder: Path) -> Path:
    """Copy configuration and empty data folders into a new folder; the code is that of the installed package."""
    (folder / "src").mkdir(parents=True)  # Kedro wants it
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder)
    shutil.copytree(PROJECT / "conf", folder / "conf")
    for layer in (PROJECT / "data").iterdir():
        (folder / "data" / layer.name).mkdir(parents=True)
    return folder


def start_kedro(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start `kedro <arguments>` with one thread, so that runs repeat bit for bit; its output can be read at the end."""
    return subprocess.Popen(
        [KEDRO, *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kedro(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run `kedro <arguments>` to its end and return its exit code, output and errors."""
    process = start_kedro(folder, *arguments)
    output, errors = process.communicate()
    return process.returncode, output, errors


def newest(folder: Path, entry: str) -> Path:
    """File of the newest version of an entry such as `06_models/network.safetensors`."""
    versions = folder / "data" / entry
    return max(versions.iterdir()) / versions.name
