"""The Kedro project as a command sees it: its context, and the networks in its catalog."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from kedro.io.core import DatasetError

from mnist_growth.network import TrainedNetwork
from mnist_growth.project import configure, default_configuration


@dataclass(frozen=True)
class Project:
    """A Kedro project with the options of a command.

    Attributes:
        path: Root folder.
        env: Configuration environment; None for the default one.
        conf_source: Folder of the configuration; None for that of the project.
        parameters: Changed parameters, nested as in the files.
    """

    path: Path
    env: str | None
    conf_source: str | None
    parameters: dict[str, Any]

    def context(self) -> KedroContext:
        """Load the current configuration and catalog, and validate the parameters."""
        configure(self.path)
        session = KedroSession.create(
            self.path,
            env=self.env,
            conf_source=self.conf_source or str(default_configuration(self.path)),
            runtime_params=self.parameters,
            save_on_close=False,
        )
        return session.load_context()


def load_version(context: KedroContext, version: str | None) -> TrainedNetwork:
    """Load a network of the catalog.

    Args:
        context: Context of the project.
        version: Name of the version; the newest one without it.

    Raises:
        ValueError: The file of the network is damaged.
        OSError: The file cannot be read.
        DatasetError: There is no such version.
    """
    dataset = context._get_catalog(load_versions={"network": version} if version else None)["network"]
    try:
        trained: TrainedNetwork = dataset.load()
    except DatasetError as error:
        if isinstance(error.__cause__, ValueError | OSError):
            raise error.__cause__ from None
        raise
    return trained
