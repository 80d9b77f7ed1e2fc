"""Commands of the project, which extend and replace those of Kedro."""

import copy
import os
import re
import signal
import warnings
from datetime import timedelta
from typing import IO, Any

import click
from kedro import KedroDeprecationWarning
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import KedroCliError

from mnist_growth import progress
from mnist_growth.command_end import with_error_messages
from mnist_growth.options import parse_load_versions, parse_params, read_config
from mnist_growth.project import default_configuration, project_folder
from mnist_growth.run_command import HELP, RunCommand, registry_commands
from mnist_growth.run_options import check_conf_source, check_pipeline_names, check_runner, chosen_pipeline


@click.group(name="mnist-growth")
def cli() -> None:
    """Commands of mnist-growth."""


def _run(**options: Any) -> Any:
    options["pipeline"] = chosen_pipeline(options["pipeline"], options["params"])
    options["pipelines"] = [chosen_pipeline(name, options["params"]) for name in options["pipelines"] or []]
    names = options["pipelines"] or [options["pipeline"]]
    if any(names):
        check_pipeline_names(names)
    check_runner(options["runner"], options["runner_params"])
    options["conf_source"] = options["conf_source"] or str(default_configuration(project_folder()))
    check_conf_source(options["conf_source"])
    assert kedro_run.callback is not None
    # Here, because some of the libraries imported above insert filters of their own before this one.
    warnings.filterwarnings("ignore", "Option '--(pipeline|async)' is deprecated", KedroDeprecationWarning)
    return kedro_run.callback(**options)


def _options_of_kedro() -> list[click.Parameter]:
    """Options of ``kedro run``; parameters may contain lists, mappings and commas."""
    parsers = {"config": read_config, "params": parse_params, "load_versions": parse_load_versions}
    options = [copy.copy(option) for option in kedro_run.params]
    for option in options:
        option.callback = parsers.get(option.name or "", option.callback)
        if isinstance(option, click.Option):
            option.help = HELP.get(option.name or "", option.help)
    return options


run = RunCommand(
    "run",
    callback=with_error_messages(_run),
    help="Run one or several pipelines.",
    params=[
        *_options_of_kedro(),
        click.Option(["--verbose"], is_flag=True, help="Show the full traceback of an error."),
    ],
    context_settings=kedro_run.context_settings,
)
cli.add_command(run)
cli.add_command(registry_commands())


def _serve(**options: Any) -> None:
    from mnist_growth.model_source import CatalogSource, MlflowSource, serving_config
    from mnist_growth.project_context import Project
    from mnist_growth.serving.server import serve
    from mnist_growth.serving.token import VARIABLE, check_token

    if hasattr(signal, "SIGHUP"):  # asks for a reload: until the service listens there is nothing to reload
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    token = check_token(os.environ.get(VARIABLE))
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
        MlflowSource(project, options["model"], config.backend, config.threads)
        if options["model"]
        else CatalogSource(project, options["version"], config.backend, config.threads)
    )
    progress.close()  # the service writes its own lines
    click.echo("Loading the network ...")
    serve(source, config, token, lambda address: click.echo(f"Listening on {address}"))


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
        click.Option(["--backend"], help="Runtime: auto, torch, onnx or int8. [default: serving.backend]"),
        click.Option(["--workers"], type=int, help="Number of worker processes. [default: serving.workers]"),
        click.Option(["--verbose"], is_flag=True, help="Show the full traceback of an error."),
    ],
)
cli.add_command(serving)


_MISSING_MODULE = re.compile(r"Module '(\w+)' not found\.")


def _show(error: KedroCliError, file: IO[Any] | None = None) -> None:
    """Print the message of an error of Kedro's commands; Kedro would print the last exception, often none."""
    if module := _MISSING_MODULE.match(error.message):
        error = KedroCliError(f"The package {module[1]} is not installed: install it with `pip install {module[1]}`")
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
    progress.close()  # a question follows
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
