"""The commands without Kedro's: ``python -m mnist_growth`` runs the project, ``mnist-growth`` has all commands."""

import sys
from types import ModuleType

from mnist_growth import project


def main() -> None:
    """Do the same as ``kedro run``: in a project folder, or with the configuration of the package outside of one."""
    _commands().run(prog_name="python -m mnist_growth")


def command() -> None:
    """Run a command of the project; this is the console script ``mnist-growth``."""
    _commands().cli(prog_name="mnist-growth")


def _commands() -> ModuleType:
    """Configure Kedro and import the commands, in this order."""
    try:
        project.configure(project.project_folder())
    except (RuntimeError, ValueError) as error:
        sys.exit(f"Error: {' '.join(str(error).split())}")
    from mnist_growth import cli

    return cli


if __name__ == "__main__":
    main()
