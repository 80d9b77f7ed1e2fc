import logging
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner
from kedro.config import MissingConfigException
from kedro.io.core import DatasetError

from mnist_growth import cli
from mnist_growth.machine import Terminated

ROOT = Path(__file__).parents[1]


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
    monkeypatch.setattr(cli, "_end_tracking", lambda reason: reasons.append(reason) or True)
    monkeypatch.setattr(sys, "argv", ["kedro", "run", "--env", "smoke", "--params=training.epochs=5"])
    return reasons


def run(error, *arguments):
    """Run a command that raises the error, as `kedro run` is run."""

    def body(**_options):
        if error is not None:
            raise error
        click.echo("done")

    options = [click.Option(["--verbose"], is_flag=True), click.Option(["--env"])]
    return CliRunner().invoke(click.Command("run", params=options, callback=cli.with_error_messages(body)), arguments)


def wrapped_by_kedro(error, depth=1):
    """An error of a dataset as Kedro raises it."""
    for _ in range(depth):
        try:
            raise DatasetError(f"Failed while loading data from dataset X.\n{error}") from error
        except DatasetError as wrapped:
            error = wrapped
    return error


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
    monkeypatch.setattr(cli.logger, "propagate", True)
    with caplog.at_level(logging.DEBUG, cli.logger.name):
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
    assert cli.resume_command(shlex.split(arguments)) == f"kedro run --pipeline resume{options}"


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

    assert cli.resume_command(["--env", "smoke"]) == f"{command} --pipeline resume --env smoke"


def test_click_reports_a_wrong_option():
    result = run(click.UsageError("no such option"))

    assert result.exit_code == 2
    assert "no such option" in result.stderr


def test_the_message_of_a_bug_has_its_type_and_how_to_see_the_traceback():
    assert cli.error_message(KeyError("widths")) == "KeyError: 'widths' (`kedro run --verbose` shows the traceback)"
    assert cli.error_message(ValueError()) == "ValueError (`kedro run --verbose` shows the traceback)"


def test_the_message_of_an_operating_system_error_has_the_operation():
    full = wrapped_by_kedro(OSError(28, "No space left on device"))
    assert cli.error_message(full) == "A file cannot be used: No space left on device; free some space, then run again"

    full.add_note("Cannot save data/x.parquet")
    assert (
        cli.error_message(full)
        == "Cannot save data/x.parquet: No space left on device; free some space, then run again"
    )
    assert cli.error_message(PermissionError(13, "Permission denied", "data/y")) == (
        "Cannot use data/y: Permission denied; give this user write access, then run again"
    )


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("Unable to allocate 1 TiB for an array"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory:\nyou tried"),
    ],
)
def test_the_message_of_an_out_of_memory_error_says_what_to_do(error):
    assert cli.error_message(error).startswith("Out of memory; free memory or decrease memory.budget_fraction")
    complete = MemoryError("Out of memory with 2 images; free memory, then `kedro run --pipeline resume`")
    assert cli.error_message(complete) == str(complete)


def test_an_unknown_environment_is_answered_with_the_existing_ones(monkeypatch):
    monkeypatch.chdir(ROOT)

    answer = cli.error_message(MissingConfigException("nothing in conf/smoky"), "smoky")

    assert answer.startswith("There is no environment 'smoky'; expected one of base, ")
    assert "smoke" in answer
    assert "local" not in answer


def test_pipelines_are_known_by_name():
    cli.check_pipeline_names(["resume", "__default__"])

    with pytest.raises(ValueError, match="There is no pipeline 'trian'; expected one of __default__, "):
        cli.check_pipeline_names(["train", "trian"])


def test_kedro_run_keeps_all_its_options():
    names = {parameter.name for parameter in cli.run.params}

    assert {parameter.name for parameter in cli.kedro_run.params} | {"verbose"} == names
    assert {"pipeline", "pipelines", "params", "load_versions", "env"} <= names
    assert "verbose" not in {parameter.name for parameter in cli.kedro_run.params}


def test_the_commands_start_without_the_large_libraries():
    """Kedro imports the settings, and with them the hooks, for every command."""
    modules = "torch", "mlflow", "pandas", "plotly", "sklearn", "scipy"
    imports = "import sys, mnist_growth.cli, mnist_growth.settings"
    code = f"{imports}; print([name for name in {modules} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout == "[]\n"
