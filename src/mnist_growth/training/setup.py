"""What a training was started with, and what may change when it goes on."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mnist_growth.digits import Digits, Split, WarpConfig
from mnist_growth.network import GrowthConfig, NetworkConfig
from mnist_growth.training.config import TrainingConfig

MAY_CHANGE = ("training.epochs", "training.micro_batch_size", "training.checkpoint_seconds")
"""Parameters that a resumed training may have other values of; the device may change as well."""


@dataclass(frozen=True)
class TrainingSetup:
    """The parameters of a training and the data it is for.

    Attributes:
        network: architecture.
        growth: when and how it widens.
        training: epochs, batches, rates.
        warps: strength of the random warps.
        dataset: name of the set of digits.
        fingerprint: SHA-256 of that set.
        split: SHA-256 of the indices of the training and validation part.
    """

    network: NetworkConfig
    growth: GrowthConfig
    training: TrainingConfig
    warps: WarpConfig
    dataset: str
    fingerprint: str
    split: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a JSON header."""
        return {
            "network": self.network.model_dump(),
            "growth": self.growth.model_dump(),
            "training": self.training.model_dump(),
            "warps": self.warps.model_dump(),
            "dataset": self.dataset,
            "fingerprint": self.fingerprint,
            "split": self.split,
        }

    def check_continues(self, earlier: Mapping[str, Any]) -> None:
        """Refuse to go on from a checkpoint of another training.

        Args:
            earlier: ``to_dict`` of the setup that the checkpoint was written with.

        Raises:
            ValueError: names what differs.
        """
        before, now = dict(_flat(earlier)), dict(_flat(self.to_dict()))
        changed = [
            f"{name} was {before.get(name)!r} and is {now.get(name)!r}"
            for name in sorted(before.keys() | now.keys())
            if before.get(name) != now.get(name) and name not in MAY_CHANGE
        ]
        if changed:
            raise ValueError(
                f"the checkpoint belongs to another training: {'; '.join(changed)}. "
                f"Only {', '.join(MAY_CHANGE)} and device may change on resume: set the others back, or start anew"
            )


@dataclass(frozen=True)
class TrainingData:
    """Digits as tensors.

    Attributes:
        images: uint8 [N, 28, 28]; on the device of the network where it is no CPU.
        labels: int64 [N], likewise.
        train: int64 [T], indices of the training part, likewise.
        validation: int64 [V], indices of the validation part, likewise.
    """

    images: Tensor
    labels: Tensor
    train: Tensor
    validation: Tensor

    @classmethod
    def of(cls, digits: Digits, split: Split, device: torch.device) -> "TrainingData":
        """Digits for a device; on the CPU the arrays, or memory maps, are used as they are."""
        return cls(
            images=torch.from_numpy(digits.images).to(device),
            labels=torch.from_numpy(digits.labels).to(device),
            train=torch.from_numpy(split.train).to(device),
            validation=torch.from_numpy(split.validation).to(device),
        )


def split_fingerprint(split: Split) -> str:
    """SHA-256 of the indices of both parts."""
    digest = hashlib.sha256()
    for part in (split.train, split.validation):
        digest.update(np.int64(len(part)).tobytes())
        digest.update(np.ascontiguousarray(part, dtype=np.int64).tobytes())
    return digest.hexdigest()


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves of nested mappings with dotted names."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
