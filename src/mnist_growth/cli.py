"""Commands of the project, which extend and replace those of Kedro."""

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
from datetime import timedelta
from pathlib import PurePath
from typing import IO, Any, NoReturn

import click
from kedro import KedroDeprecationWarning
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import KedroCliError
from kedro.io.core import DatasetError

from mnist_growth.hooks.nothing_to_do import NothingToDo
from mnist_growth.options import parse_load_versions, parse_params
from mnist_growth.project import default_configuration, project_folder

logger = logging.getLogger(__name__)

ADVICE = {
    errno.ENOSPC: "; free some space, then run again",
    errno.EDQUOT: "; free some space, then run again",
    errno.EFBIG: "; increase the limit of file sizes, then run again",
    errno.EACCES: "; give this user write access, then run again",
    errno.EROFS: "; give this user write access, then run again",
    errno.EEXIST: "; a file has the name of an expected folder; move it, then run again",
    errno.ENOTDIR: "; a file has the name of an expected folder; move it, then run again",
}
"""What to do about an error of the operating system."""

RUNNERS = ("SequentialRunner", "ThreadRunner")
"""Runners of Kedro that can run the project."""


@click.group(name="mnist-growth")
def cli() -> None:
    """Commands of mnist-growth."""


def with_error_messages(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command so that an error ends it with one sentence instead of a traceback.

    Exit codes: 1 after an error, 130 after Ctrl-C, 143 after SIGTERM.
    """

    @functools.wraps(command)
    def wrapped(*args: Any, verbose: bool = False, **options: Any) -> Any:
        logging.raiseExceptions = False  # an unwritable log file must not hide the error
        from mnist_growth.machine import raise_on_signals  # here, because other commands do not need torch

        try:
            with raise_on_signals():
                return command(*args, **options)
        except (click.exceptions.ClickException, click.exceptions.Abort):
            raise
        except NothingToDo as reason:
            click.echo(str(reason))
            _exit(0)
        except KeyboardInterrupt as interruption:
            _exit(_end_stopped_run(interruption))
        except Exception as error:
            if verbose:
                raise
            logger.debug("Traceback", exc_info=error)
            click.secho(f"Error: {error_message(error, options.get('env'))}", fg="red", err=True)
            _exit(1)

    return wrapped


def _end_stopped_run(interruption: KeyboardInterrupt) -> int:
    """End the tracking of a run that a signal stopped, print how to resume it, and return the exit code."""
    from mnist_growth.machine import Terminated, exit_on_signals, stop_reason

    exit_on_signals()  # a second signal must not wait for the tracking
    resumable = _end_tracking(stop_reason(interruption))
    advice = f" `{resume_command(sys.argv[1:])}` continues from the last checkpoint." if resumable else ""
    click.secho(f"Stopped.{advice}", err=True)
    return 143 if isinstance(interruption, Terminated) else 130


def error_message(error: BaseException, env: str | None = None) -> str:
    """Return one sentence about an error: the original message, without the text that Kedro adds."""
    notes = getattr(error, "__notes__", [])
    while isinstance(error, DatasetError) and error.__cause__ is not None:
        error = error.__cause__
        notes = getattr(error, "__notes__", notes)
    if isinstance(error, MissingConfigException) and env:
        return f"There is no environment {env!r}; expected one of {', '.join(environments())}"
    if isinstance(error, OSError) and error.strerror:  # from the operating system; it does not name the operation
        tried = notes[-1] if notes else f"Cannot use {error.filename}" if error.filename else "A file cannot be used"
        return f"{tried}: {error.strerror}{ADVICE.get(error.errno or 0, '')}"
    if _is_plain_out_of_memory(error):
        return (
            "Out of memory; free memory or decrease memory.budget_fraction, then run again, or continue from a "
            "checkpoint with `kedro run --pipeline resume`"
        )
    text = " ".join(str(error).split())
    if isinstance(error, ValueError | OSError | FloatingPointError | MemoryError | DatasetError) and text:
        return text
    detail = f": {text}" if text else ""
    return f"{type(error).__name__}{detail} (`kedro run --verbose` shows the traceback)"


def environments() -> list[str]:
    """Return the names of the environments, sorted."""
    folder = default_configuration(project_folder())
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != "local")


def _is_plain_out_of_memory(error: BaseException) -> bool:
    """Whether an error reports a lack of memory without saying what to do."""
    from mnist_growth.machine import is_out_of_memory  # here, because it imports torch

    return is_out_of_memory(error) and not (isinstance(error, MemoryError) and "`kedro run" in str(error))


def check_pipeline_names(names: list[str]) -> None:
    """Check that all pipelines are registered.

    Raises:
        ValueError: A pipeline is not registered; the message lists those that are.
    """
    from mnist_growth.pipeline_registry import register_pipelines

    known = sorted(register_pipelines())
    for name in names:
        if name not in known:
            raise ValueError(f"There is no pipeline {name!r}; expected one of {', '.join(known)}")


def check_runner(name: str | None) -> None:
    """Check that a runner can run the project.

    Args:
        name: Name of a runner of Kedro, or path of another one; None for the default.

    Raises:
        ValueError: It cannot, or there is no such runner.
    """
    if name and name.rpartition(".")[2] == "ParallelRunner":
        raise ValueError(
            "ParallelRunner starts a process per node, but the nodes of a training share its tracked run: use "
            "SequentialRunner or ThreadRunner"
        )
    if name and "." not in name and name not in RUNNERS:
        raise ValueError(f"There is no runner {name!r}; expected {' or '.join(RUNNERS)}")


def _run(**options: Any) -> Any:
    names = options["pipelines"] or [options["pipeline"]]
    if any(names):
        check_pipeline_names(names)
    check_runner(options["runner"])
    options["conf_source"] = options["conf_source"] or str(default_configuration(project_folder()))
    assert kedro_run.callback is not None
    # Here, because some of the libraries imported above insert filters of their own before this one.
    warnings.filterwarnings("ignore", "Option '--pipeline' is deprecated", KedroDeprecationWarning)
    return kedro_run.callback(**options)


def resume_command(arguments: Sequence[str]) -> str:
    """Return the command that resumes a training.

    Args:
        arguments: Arguments of the stopped command; the resumed one gets the same environment and parameters.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-e", "--env")
    parser.add_argument("--conf-source")
    parser.add_argument("--params")
    kept, _ = parser.parse_known_args(arguments)
    options = [("--env", kept.env), ("--conf-source", kept.conf_source), ("--params", kept.params)]
    given = [word for name, value in options if value for word in (name, value)]
    return shlex.join([*_run_command(), "--pipeline", "resume", *given])


def _run_command() -> list[str]:
    """The words that started this command: with Kedro, or as an installed package."""
    program = PurePath(sys.argv[0])
    if program.name == "mnist-growth":
        return [program.name, "run"]
    is_module = program.parts[-2:] == ("mnist_growth", "__main__.py")
    return ["python", "-m", "mnist_growth"] if is_module else ["kedro", "run"]


def _end_tracking(reason: str) -> bool:
    """Call the hooks for a stopped run, which Kedro does not have; return whether there is a checkpoint."""
    from kedro.framework.project import settings

    has_checkpoint = [hooks.interrupted(reason) for hooks in settings.HOOKS if hasattr(hooks, "interrupted")]
    return any(has_checkpoint)


def _exit(code: int) -> NoReturn:
    """End the process with an exit code, regardless of click."""
    sys.stdout.flush()
    sys.exit(code)


def _options_of_kedro() -> list[click.Parameter]:
    """Options of ``kedro run``; parameters may contain lists, mappings and commas."""
    parsers = {"params": parse_params, "load_versions": parse_load_versions}
    options = [copy.copy(option) for option in kedro_run.params]
    for option in options:
        option.callback = parsers.get(option.name or "", option.callback)
    return options


run = copy.copy(kedro_run)
run.callback = with_error_messages(_run)
run.params = [
    *_options_of_kedro(),
    click.Option(["--verbose"], is_flag=True, help="Show the full traceback of an error."),
]
cli.add_command(run, "run")


def _serve(**options: Any) -> None:
    from mnist_growth.model_source import CatalogSource, MlflowSource, serving_config
    from mnist_growth.project_context import Project
    from mnist_growth.serving.server import serve

    parameters = dict(options["params"] or {})
    given = {name: options[name] for name in ("host", "port", "backend", "workers") if options[name] is not None}
    parameters["serving"] = {**parameters.get("serving", {}), **given}
    if options["version"] and options["model"]:
        raise ValueError(
            "Both --version (network of the catalog) and --model (network of MLflow) are given; give only one of them"
        )
    project = Project(project_folder(), options["env"], options["conf_source"], parameters)
    config = serving_config(project)
    source = (
        MlflowSource(project, options["model"], config.backend)
        if options["model"]
        else CatalogSource(project, options["version"], config.backend, config.threads)
    )
    serve(source, config, os.environ.get("MNIST_GROWTH_TOKEN"), lambda address: click.echo(f"Listening on {address}"))


serving = click.Command(
    "serve",
    callback=with_error_messages(_serve),
    help="Serve a trained network over HTTP, with a page to draw on.",
    params=[
        *(option for option in _options_of_kedro() if option.name in ("env", "conf_source", "params")),
        click.Option(
            ["--version"],
            help="Network of the catalog: name of its version folder. [default: the champion, or the newest]",
        ),
        click.Option(["--model"], help="Network of MLflow: models:/... or runs:/<run>/network."),
        click.Option(["--host"], help="Address to listen on. [default: serving.host]"),
        click.Option(["--port"], type=int, help="Port to listen on; 0: any free port. [default: serving.port]"),
        click.Option(["--backend"], help="Runtime of the network: torch, onnx or int8. [default: serving.backend]"),
        click.Option(["--workers"], type=int, help="Number of worker processes. [default: serving.workers]"),
        click.Option(["--verbose"], is_flag=True, help="Show the full traceback of an error."),
    ],
)
cli.add_command(serving)


def _show(error: KedroCliError, file: IO[Any] | None = None) -> None:
    """Print the message of an error of Kedro's commands; Kedro would print the last exception, often none."""
    if error.VERBOSE_ERROR:
        _show_with_traceback(error, file)
    else:
        click.ClickException.show(error, file)


_show_with_traceback = KedroCliError.show
KedroCliError.show = _show  # type: ignore[assignment, method-assign]


def _choose_champion(version: str | None) -> None:
    from mnist_growth.tracking import choose_champion, find_champion

    folder = project_folder()
    champion = choose_champion(folder, version) if version else find_champion(folder)
    if champion is None:
        raise ValueError("There is no champion: `kedro run` trains a network and registers it")
    click.echo(
        f"The champion is network {champion.version}: dataset {champion.dataset}, environment {champion.environment}, "
        f"validation accuracy {champion.validation_accuracy:.2%}"
    )


cli.add_command(
    click.Command(
        "champion",
        callback=with_error_messages(_choose_champion),
        help="Show the network that `kedro serve` prefers, or choose the one of a version.",
        params=[
            click.Argument(["version"], required=False),
            click.Option(["--verbose"], is_flag=True, help="Show the full traceback of an error."),
        ],
    )
)


def _clean(*, keep: int, yes: bool, dry_run: bool) -> None:
    from mnist_growth import cleaning
    from mnist_growth.kept_versions import versions_of_networks
    from mnist_growth.project_context import Project
    from mnist_growth.tracking import find_champion, running_since

    folder = project_folder()
    champion, since = find_champion(folder), running_since(folder)
    found = cleaning.versions(folder / "data")
    kept = versions_of_networks(Project(folder, None, None, {}), keep, champion)
    earliest = (since - timedelta(minutes=1)).strftime("%Y-%m-%dT%H.%M.%S.000Z") if since else None
    chosen = cleaning.removable(found, keep, kept, earliest)
    if not chosen:
        click.echo("Nothing to remove")
        return
    for version in chosen:
        click.echo(f"{version.size / 1e6:8.1f} MB  {version.folder.relative_to(folder)}")
    what = f"{len(chosen)} versions, {sum(version.size for version in chosen) / 1e6:,.1f} MB"
    if dry_run:
        click.echo(f"Would remove {what}")
        return
    if not yes:
        click.confirm(f"Remove {what}?", abort=True)
    cleaning.remove(chosen)
    click.echo(f"Removed {what}")


cli.add_command(
    click.Command(
        "clean",
        callback=with_error_messages(_clean),
        help="Remove old versions of data and results, but neither raw data nor the records of MLflow. The champion "
        "and the newest networks stay, with what they were computed from.",
        params=[
            click.Option(
                ["--keep"],
                type=click.IntRange(min=1),
                default=3,
                show_default=True,
                help="Number of newest versions of each dataset that stay.",
            ),
            click.Option(["--yes"], is_flag=True, help="Do not ask."),
            click.Option(["--dry-run"], is_flag=True, help="Only list what would be removed."),
            click.Option(["--verbose"], is_flag=True, help="Show the full traceback of an error."),
        ],
    )
)

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
