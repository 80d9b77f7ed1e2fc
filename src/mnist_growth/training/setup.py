"""What defines a training, and what may change when it is resumed."""

import hashlib
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from mnist_growth.digits import Digits, Preparation, Split, WarpConfig
from mnist_growth.growth import GrowthConfig, plan_for_budget, planned_widths
from mnist_growth.machine import MemoryBudget, Precision
from mnist_growth.nested import flatten
from mnist_growth.network import Network, NetworkConfig, NetworkSpec, TrainedNetwork
from mnist_growth.training.config import TrainingConfig

logger = logging.getLogger(__name__)

MAY_CHANGE = (
    "training.epochs",
    "training.micro_batch_size",
    "training.checkpoint_seconds",
    "threads",
    "distribution.processes",
    "distribution.batch_norm",
)
"""Parameters that may change on resume; so may the device."""


@dataclass(frozen=True)
class TrainingSetup:
    """The parameters of a training and the data it is for.

    Attributes:
        network: Architecture.
        growth: When and how the network grows.
        training: Epochs, batches, rates.
        warps: Strength of the random warps.
        dataset: Name of the set of digits.
        fingerprint: SHA-256 of that set.
        split: SHA-256 of the indices of the training and validation part.
        preparation: How the images of that set were prepared.
        class_names: Names of the classes of that set.
        threads: Number of threads that compute; None: not decided yet. Results are bit-equal only for the same number.
        schedule_start: Number of epochs completed before the learning rate schedule started; 0 unless a resumed
            training has started it again.
        processes: Number of processes that train together. Results are bit-equal only for the same number.
        batch_norm: Whether batch norm normalises over the images of all processes (global) or of each one (local).

    Raises:
        ValueError: The network cannot follow the plan of growth.
    """

    network: NetworkConfig
    growth: GrowthConfig
    training: TrainingConfig
    warps: WarpConfig
    dataset: str
    fingerprint: str
    split: str
    preparation: Preparation
    class_names: tuple[str, ...]
    threads: int | None = None
    schedule_start: int = 0
    processes: int = 1
    batch_norm: Literal["global", "local"] = "global"

    def __post_init__(self) -> None:
        """Refuse a plan of growth that this network cannot follow."""
        planned_widths(self.training.epochs, self.growth, self.initial_spec)

    @property
    def initial_spec(self) -> NetworkSpec:
        """The network at the start of the training."""
        return self.network.spec(self.growth.initial_neurons).with_classes(len(self.class_names))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for a JSON header."""
        return {
            "network": self.network.model_dump(mode="json"),
            "growth": self.growth.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json"),
            "warps": self.warps.model_dump(mode="json"),
            "dataset": self.dataset,
            "fingerprint": self.fingerprint,
            "split": self.split,
            "preparation": self.preparation.model_dump(),
            "class_names": list(self.class_names),
            "threads": self.threads,
            "schedule_start": self.schedule_start,
            **({"distribution": self.distribution} if self.processes > 1 else {}),
        }

    @property
    def distribution(self) -> dict[str, Any]:
        """How the training is distributed, as plain values."""
        return {"processes": self.processes, "batch_norm": self.batch_norm}

    def trained(self, network: Network, epochs: int) -> TrainedNetwork:
        """Return a network of this training with its origin.

        Args:
            network: In evaluation mode.
            epochs: Number of completed epochs.
        """
        return TrainedNetwork(
            network=network,
            dataset=self.dataset,
            fingerprint=self.fingerprint,
            epochs=epochs,
            split=self.split,
            preparation=self.preparation,
            class_names=self.class_names,
        )

    def with_precision(self, precision: Precision) -> "TrainingSetup":
        """Return the same setup with a fixed number format."""
        return replace(self, training=self.training.model_copy(update={"precision": precision}))

    def check_continues(self, earlier: Mapping[str, Any]) -> None:
        """Refuse to continue from a checkpoint of another training.

        Args:
            earlier: Result of ``to_dict`` of the setup that the checkpoint was written with.

        Raises:
            ValueError: Names what differs.
        """
        before, now = flatten(earlier), flatten(self.to_dict())
        refuse_changes(
            {
                name: (before.get(name), now.get(name))
                for name in sorted(before.keys() | now.keys())
                if before.get(name) != now.get(name) and name not in (*MAY_CHANGE, "schedule_start")
            }
        )


@dataclass(frozen=True)
class TrainingData:
    """Digits as tensors, and their split.

    Attributes:
        images: uint8 [N, 28, 28], on the CPU, where a memory map stays on the disk, or on the device of the network.
        labels: int64 [N], on the device of the images.
        train: Indices of the training part, int64 [T], on the CPU.
        validation: Indices of the validation part, int64 [V], on the CPU.
    """

    images: Tensor
    labels: Tensor
    train: Tensor
    validation: Tensor

    @classmethod
    def of(cls, digits: Digits, split: Split, budget: MemoryBudget) -> "TrainingData":
        """Return digits on the device of the budget; a set larger than half of the free budget stays on the CPU.

        On the CPU the arrays, or memory maps, are used as they are.
        """
        with warnings.catch_warnings():  # nothing writes to the images, so a read-only map is fine
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
        """Return some images, uint8 [B, 28, 28], and labels, int64 [B], on a device.

        Args:
            indices: int64 [B].
            device: Of the network.
        """
        indices = indices.to(self.images.device)
        images, labels = (whole.index_select(0, indices) for whole in (self.images, self.labels))
        return images.to(device), labels.to(device)


def define_training(
    digits: Digits,
    split: Split,
    network: NetworkConfig,
    growth: GrowthConfig,
    training: TrainingConfig,
    warps: WarpConfig,
) -> TrainingSetup:
    """Return everything that defines a training on some digits.

    With the trigger ``budget`` this makes the plan: the setup has the trigger, widths and epochs that carry it out.

    Raises:
        ValueError: The plan of growth does not fit the network, or the budget does not pay for one epoch.
    """
    if growth.trigger == "budget":
        assert growth.budget_multiply_adds is not None  # as its model demands
        spec = network.spec(growth.initial_neurons).with_classes(len(digits.class_names))
        plan = plan_for_budget(spec, growth, len(split.train), growth.budget_multiply_adds)
        logger.info(
            "The budget of %.3g multiply-adds pays for %d epochs: %s",
            growth.budget_multiply_adds,
            plan.epochs,
            plan,
        )
        growth, training = plan.growth(growth), training.model_copy(update={"epochs": plan.epochs})
    return TrainingSetup(
        network=network,
        growth=growth,
        training=training,
        warps=warps,
        dataset=digits.dataset,
        fingerprint=digits.fingerprint,
        split=split_fingerprint(split),
        preparation=digits.preparation,
        class_names=digits.class_names,
    )


def refuse_changes(changes: Mapping[str, tuple[Any, Any]]) -> None:
    """Refuse to continue a training with other parameters.

    Args:
        changes: Values before and now, by name; those that may change are not among them.

    Raises:
        ValueError: There are changes; it names all of them.
    """
    if changes:
        listed = "; ".join(f"{name} was {before!r} and is {now!r}" for name, (before, now) in changes.items())
        raise ValueError(
            f"The checkpoint belongs to another training: {listed}. Only {', '.join(MAY_CHANGE)} and device may change "
            "on resume: set the others back, or start again"
        )


def split_fingerprint(split: Split) -> str:
    """Return the SHA-256 of the indices of both parts."""
    digest = hashlib.sha256()
    for part in (split.train, split.validation):
        digest.update(np.int64(len(part)).tobytes())
        digest.update(np.ascontiguousarray(part, dtype=np.int64).tobytes())
    return digest.hexdigest()
