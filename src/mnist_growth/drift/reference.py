"""Distribution of the features of training digits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from mnist_growth.drift.features import FEATURES, Features
from mnist_growth.machine.files import atomic_path

_CONFIDENCE_EDGES = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.985])
"""Fixed edges, because most values are in the last bin: bins of equal share would all be there."""

_SAMPLE = 1000  # values for the Kolmogorov-Smirnov test
_DIGITS = 6  # significant digits of a value in the file


@dataclass(frozen=True, eq=False)
class FeatureReference:
    """Distribution of one feature.

    Attributes:
        edges: Inner edges of the bins, ascending, float64 [B - 1]; a bin includes its upper edge.
        counts: Number of training images in each bin, int64 [B + 1]; the last entry counts undefined values.
        sample: At most 1,000 values with evenly spaced ranks, ascending, float64 [M].
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    sample: NDArray[np.float64]

    @classmethod
    def of(cls, name: str, values: NDArray[np.float64], bins: int, classes: int) -> Self:
        """Measure the distribution of a feature of training digits; "digit" has a bin for each class."""
        known = np.sort(values[~np.isnan(values)])
        edges: NDArray[np.float64]
        if name == "digit":
            edges = np.arange(classes - 1, dtype=np.float64) + 0.5
        elif name == "confidence":
            edges = _CONFIDENCE_EDGES
        else:
            quantiles = np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1]) if len(known) else ()
            edges = np.unique(quantiles).astype(np.float64)
        ranks = np.linspace(0, len(known) - 1, min(_SAMPLE, len(known))).round().astype(np.int64)
        return cls(edges, bin_counts(values, edges), known[ranks])


@dataclass(frozen=True, eq=False)
class DriftReference:
    """Distributions of all features for one network.

    Attributes:
        network_sha256: SHA-256 (hex) of the weights of that network.
        dataset: Name of the data set of the network.
        features: Distributions by name, in the order of ``FEATURES``.
    """

    network_sha256: str
    dataset: str
    features: Mapping[str, FeatureReference]

    @classmethod
    def of(cls, features: Features, bins: int, classes: int, network_sha256: str, dataset: str) -> Self:
        """Measure the distributions of training digits; the number of images may differ between features."""
        return cls(
            network_sha256,
            dataset,
            {name: FeatureReference.of(name, features[name], bins, classes) for name in FEATURES},
        )


def bin_counts(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of values in each bin, int64 [B + 1]; the last entry counts NaN."""
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    return np.append(counts, len(values) - len(known)).astype(np.int64)


def save_reference(path: str | Path, reference: DriftReference) -> None:
    """Write a reference as JSON, atomically.

    Raises:
        OSError: The file cannot be written.
    """
    content: dict[str, Any] = {
        "network_sha256": reference.network_sha256,
        "dataset": reference.dataset,
        "features": {
            name: {key: _plain(values) for key, values in asdict(feature).items()}
            for name, feature in reference.features.items()
        },
    }
    with atomic_path(Path(path)) as temporary:
        temporary.write_text(json.dumps(content) + "\n", "utf-8")


def load_reference(path: str | Path) -> DriftReference:
    """Read a file that ``save_reference`` wrote.

    Raises:
        ValueError: The file is damaged.
        OSError: The file cannot be read.
    """
    try:
        content = _Content.model_validate_json(Path(path).read_bytes())
        if content.features.keys() != set(FEATURES):
            raise ValueError(f"it has the features {', '.join(content.features)}; expected {', '.join(FEATURES)}")
        features = {name: content.features[name].checked(name) for name in FEATURES}
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason = f"{'.'.join(map(str, first['loc'])) or 'the content'}: {first['msg']}"
        raise ValueError(_damaged(path, reason)) from None
    except ValueError as error:
        raise ValueError(_damaged(path, str(error))) from error
    return DriftReference(content.network_sha256, content.dataset, features)


class _FeatureContent(BaseModel):
    """Content of the file for one feature."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    edges: list[float]
    counts: list[NonNegativeInt]
    sample: list[float]

    def checked(self, name: str) -> FeatureReference:
        if len(self.counts) != len(self.edges) + 2 or self.edges != sorted(self.edges):
            raise ValueError(f"{name} has {len(self.edges)} edges and {len(self.counts)} counts that do not fit")
        return FeatureReference(np.array(self.edges), np.array(self.counts, np.int64), np.sort(np.array(self.sample)))


class _Content(BaseModel):
    """Content of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network_sha256: str
    dataset: str
    features: dict[str, _FeatureContent]


def _plain(values: NDArray[np.generic]) -> Sequence[float]:
    """Numbers of an array for JSON; only floats are rounded."""
    numbers: list[float] = values.tolist()
    return numbers if values.dtype.kind == "i" else [float(f"{number:.{_DIGITS}g}") for number in numbers]


def _damaged(path: str | Path, reason: str) -> str:
    return (
        f"{path} does not contain a drift reference ({reason}); create it again with "
        "`kedro run --pipeline drift_reference`"
    )
