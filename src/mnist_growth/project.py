"""The Kedro project of a command: a project folder, or the installed package with its own configuration.

Kedro reads the logging configuration when it is imported. This module therefore imports Kedro only where it is used.
"""

import os
from pathlib import Path

PACKAGE = "mnist_growth"

_CONF = "conf"


def project_folder() -> Path:
    """Return the project folder that contains the current folder; outside of one, the current folder."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if _is_project(folder)), here)


def packaged_configuration() -> Path:
    """Return the configuration that comes with the package."""
    package = Path(__file__).parent
    embedded = package / _CONF
    return embedded if embedded.is_dir() else package.parents[1] / _CONF


def default_configuration(folder: Path) -> Path:
    """Return the configuration of a project folder; outside of one, that of the package."""
    own = folder / _CONF
    return own if own.is_dir() else packaged_configuration()


def configure(folder: Path) -> None:
    """Configure Kedro for a project folder, or for the installed package.

    Args:
        folder: Root of a project, or a folder that receives `data` and `mlflow.db`.

    Raises:
        RuntimeError: The file `pyproject.toml` of the project cannot be read.
    """
    if not _is_project(folder):
        os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(packaged_configuration() / "logging.yml"))
        from kedro.framework.project import configure_project

        configure_project(PACKAGE)
        return
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(folder)


def _is_project(folder: Path) -> bool:
    """Whether a folder is the root of a project of this package."""
    try:
        text = (folder / "pyproject.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return "[tool.kedro]" in text and PACKAGE in text
