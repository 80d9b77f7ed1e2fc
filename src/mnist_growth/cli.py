"""The commands of this project beside, and in the place of, Kedro's."""

import argparse
import copy
import errno
import functools
import logging
import os
import shlex
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
from kedro import KedroDeprecationWarning
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.io.core import DatasetError

logger = logging.getLogger(__name__)

WHAT_TO_DO = {
    errno.ENOSPC: "; free some space, then run again",
    errno.EDQUOT: "; free some space, then run again",
    errno.EFBIG: "; raise the limit of file sizes, then run again",
    errno.EACCES: "; let this user write there, then run again",
    errno.EROFS: "; let this user write there, then run again",
    errno.EEXIST: "; a file stands where a folder is expected: move it away, then run again",
    errno.ENOTDIR: "; a file stands where a folder is expected: move it away, then run again",
}
"""What a person can do about an error of the operating system."""


@click.group(name="mnist-growth")
def cli() -> None:
    """Commands of mnist-growth."""


def in_one_sentence(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command end with one sentence and a non-zero exit code instead of a traceback.

    Exit codes: 1 after an error, 130 after Ctrl-C, 143 after SIGTERM.
    """

    @functools.wraps(command)
    def wrapped(*args: Any, verbose: bool = False, **options: Any) -> Any:
        logging.raiseExceptions = False  # a log file that cannot be written must not hide what happened
        from mnist_growth.machine import raise_on_signals  # imports torch, which other commands do not need

        try:
            with raise_on_signals():
                return command(*args, **options)
        except click.exceptions.ClickException:
            raise
        except KeyboardInterrupt as interruption:
            _leave(_close_stopped(interruption))
        except Exception as error:
            if verbose:
                raise
            logger.debug("Traceback", exc_info=error)
            click.secho(f"Error: {sentence(error, options.get('env'))}", fg="red", err=True)
            _leave(1)

    return wrapped


def _close_stopped(interruption: KeyboardInterrupt) -> int:
    """Close the record of a run that a signal stopped, say how to go on, and return the exit code."""
    from mnist_growth.machine import Terminated, exit_on_signals, stop_reason

    exit_on_signals()  # whoever asks once more does not want to wait for the record
    resumable = _close_record(stop_reason(interruption))
    advice = f" `{resume_command(sys.argv[1:])}` goes on from the last checkpoint." if resumable else ""
    click.secho(f"Stopped.{advice}", err=True)
    return 143 if isinstance(interruption, Terminated) else 130


def sentence(error: BaseException, env: str | None = None) -> str:
    """What went wrong, in the words of the code that noticed it, without what Kedro wraps around."""
    notes = getattr(error, "__notes__", [])
    while isinstance(error, DatasetError) and error.__cause__ is not None:
        error = error.__cause__
        notes = getattr(error, "__notes__", notes)
    if isinstance(error, MissingConfigException) and env:
        environments = sorted(path.name for path in Path("conf").iterdir() if path.is_dir() and path.name != "local")
        return f"there is no environment {env!r}; expected one of {', '.join(environments)}"
    if isinstance(error, OSError) and error.strerror:  # of the operating system, which does not say what was tried
        tried = notes[-1] if notes else f"Cannot use {error.filename}" if error.filename else "A file cannot be used"
        return f"{tried}: {error.strerror}{WHAT_TO_DO.get(error.errno or 0, '')}"
    if _is_lack_of_memory(error):
        return (
            "memory ran out: free some, or lower memory.budget_fraction, then run again; a training that has left a "
            "checkpoint goes on with `kedro run --pipeline resume`"
        )
    text = " ".join(str(error).split())
    if isinstance(error, ValueError | OSError | FloatingPointError | MemoryError | DatasetError) and text:
        return text
    detail = f": {text}" if text else ""
    return f"{type(error).__name__}{detail} (`kedro run --verbose` shows where)"


def _is_lack_of_memory(error: BaseException) -> bool:
    """Whether memory could not be had and whoever noticed did not say what to do."""
    from mnist_growth.machine import is_out_of_memory  # imports torch, which an error can only come after

    return is_out_of_memory(error) and not (isinstance(error, MemoryError) and "`kedro run" in str(error))


def check_pipeline_names(names: list[str]) -> None:
    """Refuse a pipeline that is not registered.

    Raises:
        ValueError: with the names that are.
    """
    from mnist_growth.pipeline_registry import register_pipelines

    known = sorted(register_pipelines())
    for name in names:
        if name not in known:
            raise ValueError(f"there is no pipeline {name!r}; expected one of {', '.join(known)}")


def _run(**options: Any) -> Any:
    names = options["pipelines"] or [options["pipeline"]]
    if any(names):
        check_pipeline_names(names)
    assert kedro_run.callback is not None
    # Only now: some of the libraries that are imported above put filters of their own before it.
    warnings.filterwarnings("ignore", "Option '--pipeline' is deprecated", KedroDeprecationWarning)
    return kedro_run.callback(**options)


def resume_command(arguments: Sequence[str]) -> str:
    """The command that goes on with a training.

    Args:
        arguments: of the command that was stopped; its environment and parameters hold for the resumed one too.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-e", "--env")
    parser.add_argument("--conf-source")
    parser.add_argument("--params")
    kept, _ = parser.parse_known_args(arguments)
    options = [("--env", kept.env), ("--conf-source", kept.conf_source), ("--params", kept.params)]
    given = [word for name, value in options if value for word in (name, value)]
    return shlex.join(["kedro", "run", "--pipeline", "resume", *given])


def _close_record(reason: str) -> bool:
    """Tell the hooks that the run was stopped, as Kedro does not; return whether it has left a checkpoint."""
    from kedro.framework.project import settings

    told = [hooks.interrupted(reason) for hooks in settings.HOOKS if hasattr(hooks, "interrupted")]
    return any(told)


def _leave(code: int) -> NoReturn:
    """End the process with a code, whatever click would make of it."""
    sys.stdout.flush()
    sys.exit(code)


run = copy.copy(kedro_run)
run.callback = in_one_sentence(_run)
run.params = [
    *kedro_run.params,
    click.Option(["--verbose"], is_flag=True, help="Show the whole traceback of an error."),
]
cli.add_command(run, "run")


def _serve(**options: Any) -> None:
    from kedro.utils import find_kedro_project

    from mnist_growth.model_source import CatalogSource, MlflowSource, Project, serving_config
    from mnist_growth.serving.server import serve

    parameters = dict(options["params"] or {})
    given = {name: options[name] for name in ("host", "port", "backend", "workers") if options[name] is not None}
    parameters["serving"] = {**parameters.get("serving", {}), **given}
    if options["version"] and options["model"]:
        raise ValueError("--version chooses a network of the catalog and --model one of MLflow: give only one of them")
    root = find_kedro_project(Path.cwd()) or Path.cwd()
    project = Project(root, options["env"], options["conf_source"], parameters)
    config = serving_config(project)
    source = (
        MlflowSource(project, options["model"], config.backend)
        if options["model"]
        else CatalogSource(project, options["version"], config.backend, config.threads)
    )
    serve(source, config, os.environ.get("MNIST_GROWTH_TOKEN"), lambda address: click.echo(f"Listening on {address}"))


serving = click.Command(
    "serve",
    callback=in_one_sentence(_serve),
    help="Answer requests over HTTP with a trained network, and show a page to draw on.",
    params=[
        *(option for option in kedro_run.params if option.name in ("env", "conf_source", "params")),
        click.Option(["--version"], help="Network of the catalog: name of its folder. [default: the newest]"),
        click.Option(["--model"], help="Network of MLflow: models:/... or runs:/<run>/network."),
        click.Option(["--host"], help="Address to listen on. [default: serving.host]"),
        click.Option(["--port"], type=int, help="Port to listen on; 0: any. [default: serving.port]"),
        click.Option(["--backend"], help="What computes the network. [default: serving.backend]"),
        click.Option(["--workers"], type=int, help="Processes that answer. [default: serving.workers]"),
        click.Option(["--verbose"], is_flag=True, help="Show the whole traceback of an error."),
    ],
)
cli.add_command(serving)

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
