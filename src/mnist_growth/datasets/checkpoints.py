"""The checkpoints of a training in the catalog."""

from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from kedro.io import AbstractVersionedDataset
from kedro.io.core import DatasetError, Version

from mnist_growth.machine import is_in_use
from mnist_growth.training import CHECKPOINTS, CheckpointStore


class CheckpointsDataset(AbstractVersionedDataset[CheckpointStore, CheckpointStore]):
    """A handle on checkpoints: a training saves many of them, where a Kedro dataset is saved once a run.

    Each run has a folder ``<filepath>/<version>``, named after Kedro's save version. The handle writes into the folder
    of this run and reads the newest earlier folder whose training does not run any more, or the one that
    ``--load-versions checkpoints:<version>`` names.

    Args:
        filepath: the folder of all trainings.
        keep: number of checkpoints that stay in the folder of a training.
        version: given by Kedro.
        metadata: for Kedro-Viz.
    """

    def __init__(
        self, *, filepath: str, keep: int = 2, version: Version | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self.keep = keep
        self.metadata = metadata

    def load(self) -> CheckpointStore:
        """The handle; nothing is read yet.

        Raises:
            FileNotFoundError: the version asked for does not exist.
        """
        root = Path(self._filepath)
        folders = sorted({path.parent for path in root.glob(f"*/{CHECKPOINTS}")}, reverse=True)
        wanted = self._version.load if self._version else None
        if wanted and root / wanted not in folders:
            names = sorted(folder.name for folder in folders)
            raise FileNotFoundError(
                f"there are no checkpoints of version {wanted}: {root} has {', '.join(names) or 'none'}"
            )
        ended = [folder for folder in folders if not is_in_use(folder)]
        earlier = root / wanted if wanted else next(iter(ended or folders), None)
        return CheckpointStore(folder=self._own_folder(), earlier=earlier, keep=self.keep)

    def has_written(self) -> bool:
        """Whether this run has left a checkpoint."""
        return any(self._own_folder().glob(CHECKPOINTS))

    def save(self, data: CheckpointStore) -> NoReturn:
        """Refused: the handle saves by itself."""
        raise DatasetError(f"checkpoints are saved through the handle that loading gives, not as {type(data).__name__}")

    def _exists(self) -> bool:
        return any(Path(self._filepath).glob(f"*/{CHECKPOINTS}"))

    def _own_folder(self) -> Path:
        """Takes the checkpoints of this run."""
        return Path(self._filepath) / str(self.resolve_save_version())

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "keep": self.keep, "version": self._version}
