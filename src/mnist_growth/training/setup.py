"""What a training was started with, and what may change when it goes on."""

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mnist_growth.digits import Digits, Split, WarpConfig
from mnist_growth.growth import GrowthConfig, planned_widths
from mnist_growth.machine import MemoryBudget, Precision
from mnist_growth.nested import flatten
from mnist_growth.network import NetworkConfig, NetworkSpec
from mnist_growth.training.config import TrainingConfig

MAY_CHANGE = ("training.epochs", "training.micro_batch_size", "training.checkpoint_seconds", "threads")
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
        threads: that compute; None: not decided yet. The result is the same, bit for bit, only for the same number.

    Raises:
        ValueError: the plan of growth is for another number of hidden layers.
    """

    network: NetworkConfig
    growth: GrowthConfig
    training: TrainingConfig
    warps: WarpConfig
    dataset: str
    fingerprint: str
    split: str
    threads: int | None = None

    def __post_init__(self) -> None:
        """Refuse a plan of growth that this network cannot follow."""
        planned_widths(self.training.epochs, self.growth, self.initial_spec.widths)

    @property
    def initial_spec(self) -> NetworkSpec:
        """The network at the start of the training."""
        return self.network.spec(self.growth.initial_neurons)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a JSON header."""
        return {
            "network": self.network.model_dump(mode="json"),
            "growth": self.growth.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json"),
            "warps": self.warps.model_dump(mode="json"),
            "dataset": self.dataset,
            "fingerprint": self.fingerprint,
            "split": self.split,
            "threads": self.threads,
        }

    def with_precision(self, precision: Precision) -> "TrainingSetup":
        """The same with a number format that is no longer left open."""
        return replace(self, training=self.training.model_copy(update={"precision": precision}))

    def check_continues(self, earlier: Mapping[str, Any]) -> None:
        """Refuse to go on from a checkpoint of another training.

        Args:
            earlier: ``to_dict`` of the setup that the checkpoint was written with.

        Raises:
            ValueError: names what differs.
        """
        before, now = flatten(earlier), flatten(self.to_dict())
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
        images: uint8 [N, 28, 28], on the CPU, where a memory map stays on the disk, or on the device of the network.
        labels: int64 [N], on the device of the images.
        train: int64 [T], indices of the training part, on the CPU.
        validation: int64 [V], indices of the validation part, on the CPU.
    """

    images: Tensor
    labels: Tensor
    train: Tensor
    validation: Tensor

    @classmethod
    def of(cls, digits: Digits, split: Split, budget: MemoryBudget) -> "TrainingData":
        """Digits for the device that has the budget; a set that would take more than half of what is left stays out.

        On the CPU the arrays, or memory maps, are used as they are.
        """
        with warnings.catch_warnings():  # nothing writes to the images: a map that cannot be written to is right
            warnings.filterwarnings("ignore", "The given NumPy array is not writable", UserWarning)
            images, labels = torch.from_numpy(digits.images), torch.from_numpy(digits.labels)
        if images.nbytes < budget.available() / 2:
            images, labels = images.to(budget.device), labels.to(budget.device)
        return cls(
            images=images,
            labels=labels,
            train=torch.from_numpy(split.train),
            validation=torch.from_numpy(split.validation),
        )

    def batch(self, indices: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
        """Some images uint8 [B, 28, 28] and labels int64 [B] on a device.

        Args:
            indices: int64 [B].
            device: of the network.
        """
        indices = indices.to(self.images.device)
        images, labels = (whole.index_select(0, indices) for whole in (self.images, self.labels))
        return images.to(device), labels.to(device)


def split_fingerprint(split: Split) -> str:
    """SHA-256 of the indices of both parts."""
    digest = hashlib.sha256()
    for part in (split.train, split.validation):
        digest.update(np.int64(len(part)).tobytes())
        digest.update(np.ascontiguousarray(part, dtype=np.int64).tobytes())
    return digest.hexdigest()
