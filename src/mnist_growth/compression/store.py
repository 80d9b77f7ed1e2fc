"""Candidates that were made before: an interrupted compression continues with the next one."""

import hashlib
import json
import logging
from collections.abc import Collection
from pathlib import Path

from mnist_growth.compression.config import Recipe
from mnist_growth.compression.fine_tuning import FineTuner
from mnist_growth.network import TrainedNetwork, load_network, save_network
from mnist_growth.training import split_fingerprint

logger = logging.getLogger(__name__)

_NOT_IN_THE_KEY = {"max_bytes", "max_milliseconds", "max_accuracy_loss", "latency_calls", "variants"}
"""Parameters of compression that have no part in making a candidate."""


class CandidateStore:
    """Files of candidates, each under a name that depends on all that it was made from.

    Args:
        folder: Of the files; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, key: str) -> TrainedNetwork | None:
        """Return the candidate of a key; None if it was not made, or its file is damaged."""
        path = self._path(key)
        if not path.exists():
            return None
        try:
            return load_network(path)
        except (ValueError, OSError) as error:
            logger.warning("%s: the candidate is made again", error)
            return None

    def save(self, key: str, trained: TrainedNetwork) -> None:
        """Write the file of a candidate in one step: it is complete or not there."""
        save_network(self._path(key), trained)

    def keep(self, keys: Collection[str]) -> None:
        """Remove the candidates of other keys."""
        kept = {self._path(key) for key in keys}
        for path in self.folder.glob("*.safetensors"):
            if path not in kept:
                path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.safetensors"


def candidate_key(recipe: Recipe, source: TrainedNetwork, fine_tuner: FineTuner) -> str:
    """Return a SHA-256 (hex) over what a candidate depends on: network, recipe, parameters, digits and machine."""
    content = {
        "source": source.sha256,
        "teachers": [teacher.sha256 for teacher in fine_tuner.teachers],
        "recipe": recipe.model_dump(mode="json", exclude={"name"}),
        "compress": fine_tuner.config.model_dump(mode="json", exclude=_NOT_IN_THE_KEY),
        "training": fine_tuner.training.model_dump(mode="json"),
        "warps": fine_tuner.warps.model_dump(mode="json"),
        "fingerprint": fine_tuner.digits.fingerprint,
        "split": split_fingerprint(fine_tuner.split),
        "device": str(fine_tuner.device),
        "threads": fine_tuner.machine.threads,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
