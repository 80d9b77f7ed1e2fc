"""Checks of the options of ``kedro run`` that Kedro does not check, or not in a sentence."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.runner import AbstractRunner
from kedro.utils import load_obj

from mnist_growth.configuration import BASE
from mnist_growth.nested import flatten
from mnist_growth.pipeline_list import PIPELINES

RUNNERS = ("SequentialRunner", "ThreadRunner")
"""Runners of Kedro that can run the project."""


def chosen_pipeline(name: str | None, parameters: Mapping[str, Any]) -> str | None:
    """Return the pipeline that a run asks for: ``label`` in place of ``active`` if there is an ``active.folder``.

    Args:
        name: A value of ``--pipeline`` or ``--pipelines``; None for the default.
        parameters: Value of ``--params``.
    """
    return "label" if name == "active" and flatten(parameters).get("active.folder") is not None else name


def check_pipeline_names(names: Sequence[str]) -> None:
    """Check that all pipelines are registered.

    Raises:
        ValueError: A pipeline is not registered; the message lists those that are.
    """
    for name in names:
        if name not in PIPELINES:
            raise ValueError(f"There is no pipeline {name!r}; expected one of {', '.join(sorted(PIPELINES))}")


def check_runner(name: str | None, parameters: Mapping[str, Any]) -> None:
    """Check that a runner can run the project.

    Args:
        name: Name of a runner of Kedro, or path of another one; None for the default.
        parameters: Value of ``--runner-params``.

    Raises:
        ValueError: It cannot, there is no such runner, or it has no such parameter.
    """
    name = name or RUNNERS[0]
    if name.rpartition(".")[2] == "ParallelRunner":
        raise ValueError(
            "ParallelRunner starts a process per node, but the nodes of a training share its tracked run: use "
            "SequentialRunner or ThreadRunner"
        )
    try:
        runner = load_obj(name, "kedro.runner")
    except (ImportError, AttributeError, ValueError):
        runner = None
    if not (inspect.isclass(runner) and issubclass(runner, AbstractRunner)):
        raise ValueError(f"There is no runner {name!r}; expected {' or '.join(RUNNERS)}")
    known = list(inspect.signature(runner).parameters)
    for parameter in parameters:
        if parameter not in known:
            raise ValueError(
                f"{name} has no parameter {parameter!r} of --runner-params; expected one of {', '.join(known)}"
            )


def check_conf_source(path: str) -> None:
    """Check that a folder is a configuration; archives and addresses are left to Kedro.

    Raises:
        ValueError: It is not.
    """
    source = Path(path)
    is_archive = source.is_file() and source.suffix in (".zip", ".tar", ".gz", ".tgz")
    if "://" not in path and not is_archive and not (source / BASE).is_dir():
        raise ValueError(f"{path} is not a configuration: it has no folder {BASE!r}; expected a folder such as conf")
