"""A PostgreSQL server for one test."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# Debian keeps the programs of the server out of PATH.
_PATH = os.pathsep.join(
    [os.environ["PATH"], *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
)
_USER = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a server without data, give the URL of its database, and stop it.

    Args:
        folder: Does not exist yet; it receives the data.
    """
    initdb, program = (shutil.which(name, path=_PATH) for name in ("initdb", "postgres"))
    if initdb is None or program is None:
        pytest.skip("PostgreSQL is not installed")
    folder.mkdir()
    if _USER is not None:
        shutil.chown(folder, _USER)
        for parent in folder.parents:
            if parent.owner() == "root" and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)  # pytest's folders are closed to other users
    data = folder / "data"
    subprocess.run(
        [initdb, "--auth=trust", "--username=me", "--no-sync", data],
        check=True,
        user=_USER,
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-F", "-h", "127.0.0.1", "-p", str(port), "-k", ""]
    with subprocess.Popen(
        [program, "-D", data, *options], user=_USER, cwd=folder, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(port, process)
            yield f"postgresql+psycopg://me@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()  # waits for the connections to end


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers."""
    import psycopg

    while process.poll() is None:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="me", dbname="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            continue
        return
    raise RuntimeError(f"The server ended with exit code {process.returncode}")
