"""How commands end: exit codes, messages, and how to resume a training."""

import logging
import shlex
import signal
import sys
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner
from kedro.io.core import DatasetError

from kedro_errors import wrapped_by_kedro
from mnist_growth import command_end
from mnist_growth.machine import Terminated


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    """Restore what the decorator changes in the process."""
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def closed(monkeypatch):
    """Reasons with which the tracking of the run was ended; there is a checkpoint."""
    reasons = []
    monkeypatch.setattr(command_end, "_end_tracking", lambda reason: reasons.append(reason) or True)
    monkeypatch.setattr(sys, "argv", ["kedro", "run", "--env", "smoke", "--params=training.epochs=5"])
    return reasons


def run(error, *arguments):
    """Run a command that raises the error, as `kedro run` is run."""

    def body(**_options):
        if error is not None:
            raise error
        click.echo("done")

    options = [click.Option(["--verbose"], is_flag=True), click.Option(["--env"])]
    return CliRunner().invoke(
        click.Command("run", params=options, callback=command_end.with_error_messages(body)), arguments
    )


def test_success_ends_with_0():
    result = run(None)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "done\n", "")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("epochs is 0; expected at least 1"),
        OSError("epochs is 0; expected at least 1"),
        FloatingPointError("epochs is 0; expected at least 1"),
        wrapped_by_kedro(ValueError("epochs is 0;\n   expected at least 1")),
        wrapped_by_kedro(FileNotFoundError("epochs is 0; expected at least 1"), depth=3),
        DatasetError("epochs is 0; expected at least 1"),
    ],
)
def test_an_error_ends_with_1_and_one_sentence(error):
    result = run(error)

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "Error: epochs is 0; expected at least 1\n")


def test_verbose_shows_the_traceback():
    error = ValueError("epochs is 0")

    result = run(error, "--verbose")

    assert result.exit_code == 1
    assert result.exception is error
    assert "Error: " not in result.stderr


def test_the_traceback_is_kept_for_the_log_file(caplog, monkeypatch):
    monkeypatch.setattr(command_end.logger, "propagate", True)
    with caplog.at_level(logging.DEBUG, command_end.logger.name):
        run(ValueError("epochs is 0"))

    assert "Traceback (most recent call last)" in caplog.text
    assert "epochs is 0" in caplog.text


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [(KeyboardInterrupt(), 130, "stopped by Ctrl-C"), (Terminated(), 143, "stopped by SIGTERM")],
)
def test_a_signal_ends_the_command_with_its_own_code_and_ends_the_tracking(closed, error, code, reason):
    result = run(error)

    assert result.exit_code == code
    assert result.stderr == (
        "Stopped. `kedro run --pipeline resume --env smoke --params training.epochs=5` continues from the last "
        "checkpoint.\n"
    )
    assert closed == [reason]


def test_a_run_without_a_checkpoint_cannot_be_resumed(monkeypatch):
    hooks = SimpleNamespace(HOOKS=[SimpleNamespace(interrupted=lambda _: None), SimpleNamespace()])
    monkeypatch.setattr("kedro.framework.project.settings", hooks)

    assert run(KeyboardInterrupt()).stderr == "Stopped.\n"


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ("run", ""),
        ("run --pipeline train --tags x", ""),
        ("run -e smoke --verbose", " --env smoke"),
        ("run --params dataset=sample,seed=5 --env=smoke", " --env smoke --params dataset=sample,seed=5"),
        ("run --conf-source 'my conf' --params=a=b --load-versions digits:1", " --conf-source 'my conf' --params a=b"),
    ],
)
def test_a_training_is_resumed_with_the_same_environment_and_parameters(arguments, options):
    assert command_end.resume_command(shlex.split(arguments)) == f"kedro run --pipeline resume{options}"


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("/x/bin/kedro", "kedro run"),
        ("/x/bin/mnist-growth", "mnist-growth run"),
        ("/x/mnist_growth/__main__.py", "python -m mnist_growth"),
    ],
)
def test_a_training_is_resumed_with_the_program_that_was_stopped(monkeypatch, program, command):
    monkeypatch.setattr(sys, "argv", [program])

    assert command_end.resume_command(["--env", "smoke"]) == f"{command} --pipeline resume --env smoke"


def test_click_reports_a_wrong_option():
    result = run(click.UsageError("no such option"))

    assert result.exit_code == 2
    assert "no such option" in result.stderr
