"""Digits as inputs of an MLflow run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_growth.digits import IMAGE_SIDE

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

_MAX_DIGEST_LENGTH = 36  # characters, MLflow's limit
_CONTEXTS = {"train": "training", "test": "testing"}


@dataclass(frozen=True)
class Measured:
    """The network that metrics belong to, and the digits that they were measured on.

    Attributes:
        network_sha256: SHA-256 (hex) of the weights.
        dataset: Name of the dataset.
        fingerprint: SHA-256 (hex) of the complete dataset.
        part: Part of the dataset: "validation" or "test".
    """

    network_sha256: str
    dataset: str
    fingerprint: str
    part: str


def dataset_key(dataset: str, part: str, fingerprint: str) -> tuple[str, str]:
    """Return name and digest of a part of a dataset in MLflow, which identify it in inputs and metrics."""
    return f"{dataset}-{part}", fingerprint[:_MAX_DIGEST_LENGTH]


def dataset_inputs(dataset: str, fingerprint: str, counts: Mapping[str, int], source: str) -> list["DatasetInput"]:
    """Describe each part of a dataset for MLflow; the digits themselves are not stored.

    Args:
        dataset: Name of the dataset.
        fingerprint: SHA-256 (hex) of the complete dataset.
        counts: Number of images in each part, by its name: "train", "validation", "test".
        source: Where the dataset was found, as text for people.

    Returns:
        One input per part.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source_type, location = _location(source)
    inputs = []
    for part, count in counts.items():
        name, digest = dataset_key(dataset, part, fingerprint)
        described = Dataset(
            name=name,
            digest=digest,
            source_type=source_type,
            source=json.dumps({**location, "source": source, "fingerprint": fingerprint}),
            schema=json.dumps({"images": f"uint8 [N, {IMAGE_SIDE}, {IMAGE_SIDE}]", "labels": "int64 [N]"}),
            profile=json.dumps({"images": count}),
        )
        inputs.append(DatasetInput(described, [InputTag("mlflow.data.context", _CONTEXTS.get(part, part))]))
    return inputs


def _location(source: str) -> tuple[str, dict[str, Any]]:
    """Type and fields of a source as `mlflow.data.get_source` reads them: of several mirrors, the first one."""
    first = source.split(", ")[0]
    if first.startswith(("http://", "https://")):
        return "http", {"url": first}
    if Path(first).exists():
        return "local", {"uri": first}
    return "code", {"tags": {"source": source}}
