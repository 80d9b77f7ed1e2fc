"""A copy of the project in a folder of its own, and the `kedro` command run in it."""

import atexit
import contextlib
import multiprocessing
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
KEDRO = Path(sys.executable).with_name("kedro")
DATABASE = "mlflow.db"
LONGEST_COMMAND = 120  # seconds

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}\.\d{2}\.\d{2}\.\d{3}Z")

# Every command is a process of its own. Most are forked from a server that has imported the large libraries once: 1 s
# instead of 6 s for each.
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["preloaded"])


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


class Command:
    """A `kedro` command that runs."""

    def __init__(
        self, folder: Path, arguments: tuple[str, ...], environment: Mapping[str, str], limits: Mapping[int, int]
    ) -> None:
        self.outputs = folder.parent / f"{folder.name}.stdout", folder.parent / f"{folder.name}.stderr"
        for path in self.outputs:
            path.write_bytes(b"")
        self.arguments = arguments
        _start_server()
        self.process = _SERVER.Process(
            target=_kedro, args=(folder, arguments, {**_environment(), **environment}, self.outputs, limits)
        )
        self.process.start()

    @property
    def running(self) -> bool:
        return self.process.is_alive()

    @property
    def output(self) -> str:
        """What it has written to stdout so far."""
        return self.outputs[0].read_text()

    def wait_until(self, condition: Callable[[], Any]) -> Any:
        """Wait until the condition gives something true, and return that; the command must still run then."""
        deadline = time.monotonic() + LONGEST_COMMAND
        while not (found := condition()):
            assert self.running, f"{self.arguments} ended too early: {self.wait()}"
            assert time.monotonic() < deadline, f"{self.arguments} took too long: {self.output}"
            time.sleep(0.01)
        return found

    def send(self, number: signal.Signals) -> Result:
        """Send a signal and wait for the end."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)
        return self.wait()

    def wait(self) -> Result:
        """Wait for the end."""
        self.process.join(LONGEST_COMMAND)
        if self.running:
            self.process.kill()
            raise AssertionError(f"{self.arguments} took too long: {self.output}")
        assert self.process.exitcode is not None
        return Result(self.process.exitcode, *(path.read_text() for path in self.outputs))


@dataclass(frozen=True)
class Project:
    """A project folder that tests may change."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, database: Path | None = None) -> "Project":
        """Copy what a fresh clone has; the code is that of the installed package.

        Args:
            folder: where the project is to be.
            database: an empty database of MLflow, which the first run would otherwise take seconds to make.
        """
        (folder / "src").mkdir(parents=True)
        for name in ("pyproject.toml", ".telemetry"):
            shutil.copy(REPOSITORY / name, folder)
        shutil.copytree(REPOSITORY / "conf", folder / "conf", ignore=_all_but_gitkeep_in_local)
        for layer in (REPOSITORY / "data").iterdir():
            (folder / "data" / layer.name).mkdir(parents=True)
        if database is not None:
            shutil.copy(database, folder / DATABASE)
        return cls(folder)

    def copy(self, folder: Path, database: Path) -> "Project":
        """Copy the project with its data and an empty database: the record of its runs names folders."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns(DATABASE, "mlartifacts", "info.log"))
        shutil.copy(database, folder / DATABASE)
        return Project(folder)

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, limits: Mapping[int, int] | None = None
    ) -> Command:
        """Start `kedro <arguments>` here, under limits of the module `resource`."""
        return Command(self.folder, arguments, env or {}, limits or {})

    def kedro(
        self, *arguments: str, env: Mapping[str, str] | None = None, limits: Mapping[int, int] | None = None
    ) -> Result:
        """Run `kedro <arguments>` here to its end."""
        return self.start(*arguments, env=env, limits=limits).wait()

    def succeed(self, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
        """Run `kedro <arguments>`, which must succeed and have nothing to complain of."""
        result = self.kedro(*arguments, env=env)
        assert (result.code, result.stderr) == (0, ""), result
        return result

    def fresh_process(self, *arguments: str) -> Result:
        """Run `kedro <arguments>` as a user does, with an interpreter of its own."""
        done = subprocess.run(
            [KEDRO, *arguments], cwd=self.folder, env=_environment(), capture_output=True, text=True, check=False
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def path(self, entry: str, version: str | None = None) -> Path:
        """File of an entry, such as `08_reporting/test_metrics.json`: of a version, or of the newest."""
        folder = self.folder / "data" / entry
        return folder / (version or self.versions(entry)[-1]) / folder.name

    def versions(self, entry: str) -> list[str]:
        """Versions of an entry, the oldest first."""
        return sorted(path.name for path in (self.folder / "data" / entry).glob("*") if _VERSION.fullmatch(path.name))

    def checkpoints(self) -> list[Path]:
        """All checkpoints, the oldest first."""
        return sorted((self.folder / "data/06_models/checkpoints").glob("*/update-*.safetensors"))

    def recorded_runs(self) -> int:
        """Number of runs in the database."""
        with contextlib.closing(sqlite3.connect(self.folder / DATABASE)) as database:
            return int(database.execute("SELECT count(*) FROM runs").fetchone()[0])

    def files(self) -> list[str]:
        """All files of the data, which is where half-written ones would be."""
        data = self.folder / "data"
        return sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_file())


_servers: list[int] = []
"""Process id of the server that was started here."""


def _start_server() -> None:
    """Start the server, which then finds `preloaded`, unless it is there already.

    A process has one server. That of a study, which other tests may have started, does not have `preloaded`.
    """
    if getattr(forkserver._forkserver, "_forkserver_pid", None) not in _servers:
        forkserver._forkserver._stop()
        _SERVER.set_forkserver_preload(["preloaded"])
    here = str(Path(__file__).parent)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = here if before is None else os.pathsep.join((here, before))
    try:
        forkserver.ensure_running()
        _servers[:] = [forkserver._forkserver._forkserver_pid]
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def _kedro(
    folder: Path,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    outputs: tuple[Path, Path],
    limits: Mapping[int, int],
) -> None:
    """What the forked process does: the same as the script `kedro`."""
    assert "preloaded" in sys.modules  # the server goes on without a module that it cannot import
    for which, limit in limits.items():
        resource.setrlimit(which, (limit, limit))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), descriptor)
    sys.argv = [str(KEDRO), *arguments]
    from kedro.framework.cli.cli import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves them out


def _environment() -> dict[str, str]:
    """The user's environment without what would change a run, and with one thread, so that runs repeat bit for bit."""
    ours = ("MNIST_GROWTH_", "MLFLOW_", "KEDRO_", "PYTEST_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**inherited, "OMP_NUM_THREADS": "1", "COLUMNS": "200", "NO_PROXY": "127.0.0.1"}


def _all_but_gitkeep_in_local(folder: str, names: list[str]) -> list[str]:
    """What the user keeps in conf/local is no part of the project."""
    return [name for name in names if name != ".gitkeep"] if Path(folder).name == "local" else []
