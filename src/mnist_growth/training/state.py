"""Everything that a training needs to go on."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from mnist_growth.learning import GrowingAdamW, averaged_copy
from mnist_growth.network import Network
from mnist_growth.training.history import EpochRecord, GrowthEvent


@dataclass
class EpochProgress:
    """How far the current epoch is.

    Attributes:
        order: int64 [T], the training images in the order of this epoch, as indices into the set; empty between epochs.
        batches: batches done.
        loss_sum: float64 scalar, summed cross-entropy of the images of those batches.
        correct_count: int64 scalar, how many of them were right.
        seconds: time they took.
        grew: whether the network was widened before this epoch.
    """

    order: Tensor
    batches: int
    loss_sum: Tensor
    correct_count: Tensor
    seconds: float
    grew: bool

    @classmethod
    def none(cls, device: torch.device) -> "EpochProgress":
        """Between two epochs."""
        return cls(
            order=torch.empty(0, dtype=torch.int64),
            batches=0,
            loss_sum=torch.zeros((), dtype=torch.float32 if device.type == "mps" else torch.float64, device=device),
            correct_count=torch.zeros((), dtype=torch.int64, device=device),
            seconds=0.0,
            grew=False,
        )


@dataclass
class TrainingState:
    """A training at one moment.

    Attributes:
        network: the weights that are trained, in training mode.
        average: their exponential moving average, in evaluation mode.
        optimizer: holds exactly the parameters of ``network``.
        data_generator: on the CPU; draws the order of the images and the new neurons.
        warp_generator: on the device of the network; draws the warps.
        epochs_done: whole epochs.
        updates: steps of the optimizer.
        progress: of the current epoch.
        records: one per whole epoch.
        events: one per widening.
        run_id: name of the tracked run that this training belongs to; empty if none.
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

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.network.device

    @classmethod
    def begin(cls, network: Network, weight_decay: float, seed: int, run_id: str = "") -> "TrainingState":
        """The state before the first step.

        Args:
            network: with its initial weights, on its device.
            weight_decay: of the optimizer.
            seed: of the order of the images, the new neurons and the warps.
            run_id: name of the tracked run.
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
