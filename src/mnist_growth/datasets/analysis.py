"""What an analysis has left, for the report."""

from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import plotly.io
from kedro.io import AbstractDataset


class AnalysisStore:
    """Finds the newest analysis of a network; read-only.

    An analysis predicts the test digits itself, in the version of its other outputs: it is of the same network where
    these predictions are the same.

    Args:
        folder: Where the outputs are, as `<name>.parquet/<version>/` or `<name>_figure.json/<version>/`.
        predictions: Where the predictions are, likewise.
        names: Outputs to read, in this order.
    """

    def __init__(self, folder: Path, predictions: Path, names: list[str]) -> None:
        self.folder = folder
        self.predictions = predictions
        self.names = names

    def of(self, predictions: pd.DataFrame) -> dict[str, pd.DataFrame | go.Figure] | None:
        """Return the outputs of the newest analysis with these predictions, by name; None where there is none."""
        for path in sorted(self._file(self.names[0]).glob("*"), reverse=True):
            own = self.predictions / path.name / self.predictions.name
            if own.is_file() and pd.read_parquet(own).equals(predictions):
                return {name: found for name in self.names if (found := self._read(name, path.name)) is not None}
        return None

    def _file(self, name: str) -> Path:
        return self.folder / (f"{name}.json" if name.endswith("_figure") else f"{name}.parquet")

    def _read(self, name: str, version: str) -> pd.DataFrame | go.Figure | None:
        path = self._file(name) / version / self._file(name).name
        if not path.is_file():
            return None
        return plotly.io.from_json(path.read_text("utf-8")) if path.suffix == ".json" else pd.read_parquet(path)


class AnalysisDataset(AbstractDataset[None, AnalysisStore]):
    """The handle in the catalog; the outputs themselves are entries of their own.

    Args:
        filepath: Folder of the outputs.
        predictions: File of the predictions, without the version.
        names: Outputs to read, in this order.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self, *, filepath: str, predictions: str, names: list[str], metadata: dict[str, Any] | None = None
    ) -> None:
        self._filepath, self._predictions, self._names = Path(filepath), Path(predictions), names
        self.metadata = metadata

    def load(self) -> AnalysisStore:
        """Give the handle."""
        return AnalysisStore(self._filepath, self._predictions, self._names)

    def save(self, data: None) -> None:
        """Refuse: `kedro run --pipeline analyse` saves its outputs one by one."""
        raise NotImplementedError("an analysis is saved by the pipeline analyse, one output after another")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "predictions": str(self._predictions), "names": self._names}
