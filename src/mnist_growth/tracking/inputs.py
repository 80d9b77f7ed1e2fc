"""Digits as inputs of an MLflow run."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mnist_growth.digits import IMAGE_SIDE

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

_MAX_DIGEST_LENGTH = 36  # characters, MLflow's limit
_CONTEXTS = {"train": "training", "test": "testing"}


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

    return [
        DatasetInput(
            Dataset(
                name=f"{dataset}-{part}",
                digest=fingerprint[:_MAX_DIGEST_LENGTH],
                source_type="digits",
                source=json.dumps({"source": source, "fingerprint": fingerprint}),
                schema=json.dumps({"images": f"uint8 [N, {IMAGE_SIDE}, {IMAGE_SIDE}]", "labels": "int64 [N]"}),
                profile=json.dumps({"images": count}),
            ),
            [InputTag("mlflow.data.context", _CONTEXTS.get(part, part))],
        )
        for part, count in counts.items()
    ]
