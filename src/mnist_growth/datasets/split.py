"""The split of the training digits in the catalog."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from kedro_datasets._typing import TablePreview

from mnist_growth.datasets.versioned_file import VersionedFileDataset, path_to_load
from mnist_growth.digits import Split
from mnist_growth.machine import atomic_path

_PARTS = ("train", "validation")


class SplitDataset(VersionedFileDataset[Split, Split]):
    """A `Split` in a Parquet table: one row per image, columns `index` and `part` ("train" or "validation")."""

    def load(self) -> Split:
        """Read the two parts.

        Raises:
            FileNotFoundError: There is no split, or not the requested version.
            ValueError: The table is damaged.
        """
        path = path_to_load(self, "split of the training digits", pipeline="preprocess")
        try:
            table = pd.read_parquet(path, columns=["index", "part"], page_checksum_verification=True)
            train, validation = (
                table.loc[table["part"] == part, "index"].to_numpy(np.int64, copy=True) for part in _PARTS
            )
            return Split(train=np.sort(train), validation=np.sort(validation))
        except (ValueError, KeyError, pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise ValueError(
                f"{path} is not a split of the training digits ({error}): create it again with "
                "`kedro run --pipeline preprocess`"
            ) from error

    def save(self, data: Split) -> None:
        """Write the table atomically, in the order of the images."""
        codes = np.repeat(np.arange(len(_PARTS), dtype=np.int8), [len(data.train), len(data.validation)])
        table = pd.DataFrame(
            {
                "index": np.concatenate((data.train, data.validation)),
                "part": pd.Categorical.from_codes(codes, pd.Index(_PARTS)),
            }
        )
        with atomic_path(Path(self._get_save_path())) as path:
            table.sort_values("index").to_parquet(path, index=False, write_page_checksum=True)

    def preview(self) -> TablePreview:
        """Return the size of each part, for Kedro-Viz."""
        split = self.load()
        table = pd.DataFrame({"part": _PARTS, "images": [len(split.train), len(split.validation)]})
        return TablePreview(table.to_dict(orient="split"))
