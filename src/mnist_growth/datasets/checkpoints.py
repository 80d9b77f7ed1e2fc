"""The checkpoints of a training in the catalog."""

from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from kedro.io import AbstractVersionedDataset
from kedro.io.core import DatasetError, Version

from mnist_growth.machine import is_in_use
from mnist_growth.training import CHECKPOINTS, CheckpointStore


class CheckpointsDataset(AbstractVersionedDataset[CheckpointStore, CheckpointStore]):
    """A handle for checkpoints: a training saves many, but Kedro saves a dataset once per run.

    Each run has a folder `<filepath>/<version>`, named after Kedro's save version. The handle writes to the folder of
    this run and reads the newest earlier folder whose training no longer runs, or the folder that
    `--load-versions checkpoints:<version>` names.

    Args:
        filepath: Folder of all trainings.
        newest: Number of checkpoints that stay in the folder of a training, besides the best and the snapshots.
        version: Versions to load and to save; `versioned: true` in the catalog provides it.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self, *, filepath: str, newest: int, version: Version | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self.newest = newest
        self.metadata = metadata

    def load(self) -> CheckpointStore:
        """Return the handle; it reads no file yet.

        Raises:
            FileNotFoundError: The requested version does not exist.
        """
        root = Path(self._filepath)
        folders = sorted({path.parent for path in root.glob(f"*/{CHECKPOINTS}")}, reverse=True)
        requested = self._version.load if self._version else None
        if requested and root / requested not in folders:
            names = sorted(folder.name for folder in folders)
            raise FileNotFoundError(
                f"There are no checkpoints of version {requested}: {root} has {', '.join(names) or 'none'}"
            )
        ended = [folder for folder in folders if not is_in_use(folder)]
        earlier = root / requested if requested else next(iter(ended or folders), None)
        return CheckpointStore(folder=self._own_folder(), earlier=earlier, newest=self.newest)

    def has_written(self) -> bool:
        """Whether this run has saved a checkpoint."""
        return any(self._own_folder().glob(CHECKPOINTS))

    def save(self, data: CheckpointStore) -> NoReturn:
        """Refuse: the handle saves the checkpoints itself."""
        raise DatasetError(
            f"A {type(data).__name__} cannot be saved as checkpoints: load the dataset and save through the handle"
        )

    def _exists(self) -> bool:
        return any(Path(self._filepath).glob(f"*/{CHECKPOINTS}"))

    def _own_folder(self) -> Path:
        """Folder for the checkpoints of this run."""
        return Path(self._filepath) / str(self.resolve_save_version())

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "newest": self.newest, "version": self._version}
