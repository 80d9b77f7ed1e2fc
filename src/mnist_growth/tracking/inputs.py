"""The digits of a run as MLflow inputs."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mnist_growth.digits import IMAGE_SIDE

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

_LONGEST_DIGEST = 36  # characters, MLflow's limit
_CONTEXTS = {"train": "training", "test": "testing"}


def dataset_inputs(dataset: str, fingerprint: str, counts: Mapping[str, int], source: str) -> list["DatasetInput"]:
    """Describe each part of a set of digits; the digits themselves are not stored.

    Args:
        dataset: Name of the set.
        fingerprint: SHA-256 (hex) of the whole set.
        counts: Number of images of each part, by its name: "train", "validation", "test".
        source: Where the set was found, for a reader.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    return [
        DatasetInput(
            Dataset(
                name=f"{dataset}-{part}",
                digest=fingerprint[:_LONGEST_DIGEST],
                source_type="digits",
                source=json.dumps({"source": source, "fingerprint": fingerprint}),
                schema=json.dumps({"images": f"uint8 [N, {IMAGE_SIDE}, {IMAGE_SIDE}]", "labels": "int64 [N]"}),
                profile=json.dumps({"images": count}),
            ),
            [InputTag("mlflow.data.context", _CONTEXTS.get(part, part))],
        )
        for part, count in counts.items()
    ]
