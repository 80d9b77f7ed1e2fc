"""How a command ends: after an error with one sentence, after a signal with the command that resumes the training."""

import argparse
import contextlib
import functools
import logging
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, NoReturn

import click

from mnist_growth import progress
from mnist_growth.closed_output import survive_closed_output
from mnist_growth.error_messages import error_message
from mnist_growth.hooks.nothing_to_do import NothingToDo

logger = logging.getLogger(__name__)


def with_error_messages(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command so that an error ends it with one sentence instead of a traceback.

    Exit codes: 1 after an error, 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP. A closed pipe at the output
    ends the output only.
    """

    @functools.wraps(command)
    @survive_closed_output()
    def wrapped(*args: Any, verbose: bool = False, **options: Any) -> Any:
        logging.raiseExceptions = False  # an unwritable log file must not hide the error
        try:
            with progress.shown("load libraries"):
                from mnist_growth.machine import raise_on_signals  # here, because other commands do not need torch

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
    from mnist_growth.machine import exit_code, exit_on_signals, stop_reason

    exit_on_signals()  # a second signal must not wait for the tracking
    resumable = _end_tracking(stop_reason(interruption))
    advice = f" `{resume_command(sys.argv[1:])}` continues from the last checkpoint." if resumable else ""
    with contextlib.suppress(OSError):  # the terminal may be closed
        click.secho(f"Stopped.{advice}", err=True)
    return exit_code(interruption)


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
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    sys.exit(code)
