"""``python -m mnist_growth`` is the same as ``kedro run`` in a project folder."""

from pathlib import Path

from kedro.framework.startup import bootstrap_project

from mnist_growth.cli import run


def main() -> None:
    """Run the project in the current folder."""
    bootstrap_project(Path.cwd())
    run()


if __name__ == "__main__":
    main()
