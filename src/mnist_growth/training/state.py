"""The state of a training: all that is needed to continue it."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from mnist_growth.learning import BatchResult, GrowingAdamW, averaged_copy
from mnist_growth.network import Network
from mnist_growth.training.history import EpochRecord, GrowthEvent


@dataclass
class EpochProgress:
    """Progress within the current epoch.

    Attributes:
        order: Training images in the order of this epoch, as indices into the set, int64 [T]; empty between epochs.
        batches: Number of completed batches.
        loss_sum: Float64 scalar, cross-entropy summed over the images of those batches.
        correct_count: int64 scalar, number of those images that were classified correctly.
        seconds: Time of those batches.
        grew: Whether the network grew before this epoch.
        batch_size: Images per update in this epoch; 0 between epochs.
    """

    order: Tensor
    batches: int
    loss_sum: Tensor
    correct_count: Tensor
    seconds: float
    grew: bool
    batch_size: int

    @classmethod
    def none(cls, device: torch.device) -> "EpochProgress":
        """Return the progress between two epochs."""
        return cls(
            order=torch.empty(0, dtype=torch.int64),
            batches=0,
            loss_sum=torch.zeros((), dtype=torch.float32 if device.type == "mps" else torch.float64, device=device),
            correct_count=torch.zeros((), dtype=torch.int64, device=device),
            seconds=0.0,
            grew=False,
            batch_size=0,
        )


@dataclass
class TrainingState:
    """A training at one point in time.

    Attributes:
        network: The network being trained, in training mode.
        average: Exponential moving average of its weights, in evaluation mode.
        optimizer: Holds exactly the parameters of ``network``.
        data_generator: Draws the order of the images and the new units, on the CPU.
        warp_generator: Draws the warps and the starts of adversarial examples, on the device of the network.
        epochs_done: Number of completed epochs.
        updates: Number of steps of the optimizer.
        progress: Within the current epoch.
        records: One per completed epoch.
        events: One per growth.
        run_id: Id of the tracked run of this training; empty without one.
    """

    network: Network
    average: Network
    optimizer: GrowingAdamW
    data_generator: torch.Generator
    warp_generator: torch.Generator
    progress: EpochProgress
    epochs_done: int = 0
    updates: int = 0
    records: list[EpochRecord] = field(default_factory=list)
    events: list[GrowthEvent] = field(default_factory=list)
    run_id: str = ""

    def count_batches(self, batches: int, result: BatchResult) -> None:
        """Add batches that were trained to the progress.

        Args:
            batches: Their number.
            result: Loss and correct answers, summed over them.
        """
        self.progress.loss_sum += result.loss_sum
        self.progress.correct_count += result.correct_count
        self.progress.batches += batches
        self.updates += batches

    @property
    def device(self) -> torch.device:
        """Device of the network."""
        return self.network.device

    @classmethod
    def begin(cls, network: Network, weight_decay: float, seed: int, run_id: str = "") -> "TrainingState":
        """Return the state before the first step.

        Args:
            network: With its initial weights, on its device.
            weight_decay: Of the optimizer.
            seed: Of the order of the images, the new units and the warps.
            run_id: Id of the tracked run.
        """
        device = network.device
        return cls(
            network=network.train(),
            average=averaged_copy(network),
            optimizer=GrowingAdamW(network, weight_decay=weight_decay),
            data_generator=torch.Generator().manual_seed(seed),
            warp_generator=torch.Generator(device).manual_seed(seed + 1),
            progress=EpochProgress.none(device),
            run_id=run_id,
        )
