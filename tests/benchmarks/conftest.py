"""What the tests of the benchmarks share."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
COPIED = ("conf", "benchmarks", "data", "pyproject.toml", ".telemetry")


@pytest.fixture
def project(tmp_path):
    """A copy of what the benchmarks need, so that they write nothing into the project itself."""
    for name in COPIED:
        if not (PROJECT / name).is_dir():
            shutil.copy(PROJECT / name, tmp_path / name)
        else:
            ignored = shutil.ignore_patterns("*.*") if name == "data" else None
            shutil.copytree(PROJECT / name, tmp_path / name, ignore=ignored)
    (tmp_path / "src").mkdir()
    return tmp_path


@pytest.fixture
def quick(project):
    """Runs a benchmark in its quick mode; gives its results and the lines that it printed."""

    def run(module, name, *arguments):
        command = [sys.executable, "-m", f"benchmarks.{module}", "--quick", *arguments]
        result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=300)
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads((project / f"build/benchmarks/{name}.json").read_text()), result.stdout.splitlines()

    return run
