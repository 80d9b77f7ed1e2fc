"""The help of ``kedro run`` and ``kedro registry``, which names the pipelines and environments of the project."""

import copy
from collections.abc import Mapping

import click
import yaml
from kedro.framework.cli.registry import registry as kedro_registry

from mnist_growth.environments import environments
from mnist_growth.pipeline_list import PIPELINES
from mnist_growth.project import default_configuration, project_folder

HELP: Mapping[str, str] = {
    "params": "Parameters that replace those of the configuration: name=value pairs, separated by commas; groups by "
    "dots. Example: training.epochs=10,growth.max_neurons=256",
    "runner": "SequentialRunner or ThreadRunner. [default: SequentialRunner]",
    "load_versions": "Versions to load: dataset:version pairs, separated by commas. Example: "
    "network:2026-01-31T12.00.00.000Z",
}
"""Help of options whose help by Kedro does not hold for this project."""


class RunCommand(click.Command):
    """A command whose help ends with the pipelines and the environments."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the pipelines and the environments, with one line for each."""
        with formatter.section("Pipelines (--pipeline)"):
            formatter.write_dl(list(PIPELINES.items()))
        with formatter.section("Environments (--env)"):
            formatter.write_dl(list(environments(default_configuration(project_folder())).items()))


def registry_commands() -> click.Group:
    """Return Kedro's group ``registry`` with a list that does not import the pipelines."""
    group = copy.copy(kedro_registry)
    listing = click.Command(
        "list", callback=lambda: click.echo(yaml.dump(sorted(PIPELINES))), help="List the pipelines of the project."
    )
    group.commands = {**group.commands, "list": listing}
    return group
