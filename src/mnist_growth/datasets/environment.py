"""An environment of the configuration that a run writes."""

import logging
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset
from kedro.io.core import DatasetError

from mnist_growth.machine import atomic_path

logger = logging.getLogger(__name__)

_BASE = "base"


class EnvironmentDataset(AbstractDataset[str, None]):
    """A file of parameters in `conf/<environment>`, which `--env <environment>` uses; a new one replaces it.

    Outside of a project folder, whose configuration has the folder `base`, nothing is written: commands would take the
    new folder for the configuration.

    Args:
        filepath: Path of the file in the project, `conf/<environment>/parameters_<name>.yml`.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> NoReturn:
        """Refuse to be an input: Kedro loads the configuration.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{self._filepath} is part of the configuration: use it with --env")

    def save(self, data: str) -> None:
        """Write the file in one step.

        Args:
            data: YAML.

        Raises:
            OSError: The folder cannot be written to, or the disk is full.
        """
        folder = self._filepath.parent
        if not (folder.parent / _BASE).is_dir():
            logger.warning("%s is not written, because %s has no folder %s", self._filepath, folder.parent, _BASE)
            return
        with atomic_path(self._filepath) as temporary:
            temporary.write_text(data, "utf-8")
        logger.info("`kedro run --env %s` uses the parameters that were found", folder.name)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
