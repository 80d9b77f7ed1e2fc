"""Tables in the catalog."""

from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from kedro_datasets.pandas import ParquetDataset

from mnist_growth.datasets.damage import naming_file


class TableDataset(ParquetDataset):  # type: ignore[misc]  # kedro-datasets has no types
    """A table in a Parquet file whose pages carry checksums, so that a changed byte is noticed."""

    DEFAULT_LOAD_ARGS: ClassVar[dict[str, Any]] = {"page_checksum_verification": True}
    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"write_page_checksum": True}

    def load(self) -> pd.DataFrame:
        """Read the table.

        Raises:
            DatasetError: There is no such version.
            ValueError: The file is damaged.
        """
        with naming_file(Path(self._get_load_path())):
            table: pd.DataFrame = super().load()
            return table
