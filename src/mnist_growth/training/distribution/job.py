"""What the processes of a distributed training receive."""

import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_growth.digits import Digits, PixelStatistics, Split
from mnist_growth.training.checkpoint import Checkpoint
from mnist_growth.training.checkpoint_store import CheckpointStore
from mnist_growth.training.distribution.config import DistributionConfig
from mnist_growth.training.resume import ResumeConfig
from mnist_growth.training.setup import TrainingSetup
from mnist_growth.training.start import Machine, Training, continue_training, start_training


@dataclass(frozen=True, eq=False)
class Job:
    """A training, from its start or from a checkpoint.

    Attributes:
        setup: All parameters.
        digits: Training digits.
        split: Into training and validation part.
        machine: Share of each process in the machine.
        config: Processes and machines.
        checkpoints: Of this training; it also says which training is continued.
        pixels: Mean and standard deviation of the pixels of the training part, for a new training.
        resume: How a training is continued; None for a new one.
        run_id: Id of the tracked run; empty without one.
    """

    setup: TrainingSetup
    digits: Digits
    split: Split
    machine: Machine
    config: DistributionConfig
    checkpoints: CheckpointStore
    pixels: PixelStatistics | None
    resume: ResumeConfig | None
    run_id: str

    def newest(self) -> Checkpoint | None:
        """Return the newest checkpoint on this machine: of this training, or of the one that it continues."""
        own = self.checkpoints.last_saved()
        return self.checkpoints.latest() if own is None and self.resume is not None else own

    def assemble(self, checkpoint: Checkpoint | None) -> Training:
        """Return the training at a checkpoint of ``newest``, or at its start."""
        if checkpoint is None:
            assert self.pixels is not None, "a training without a checkpoint starts with the statistics of its pixels"
            return start_training(self.setup, self.digits, self.split, self.pixels, self.machine, run_id=self.run_id)
        # A group that starts again continues its own training, of which nothing has changed.
        resume = self.resume or ResumeConfig(schedule="continue")
        return continue_training(
            self.setup, self.digits, self.split, checkpoint, self.machine, resume, run_id=self.run_id
        )

    def __getstate__(self) -> dict[str, Any]:
        """Replace a memory map of images by the name of its file: every process maps the same pages."""
        images, mapped = self.digits.images, None
        if isinstance(images, np.memmap) and isinstance(images.base, mmap.mmap) and images.filename is not None:
            mapped = str(images.filename), images.offset, images.shape
        fields = {name: value for name, value in vars(self.digits).items() if mapped is None or name != "images"}
        return {**vars(self), "digits": (fields, mapped)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the map again."""
        fields, mapped = state["digits"]
        if mapped is not None:
            path, offset, shape = mapped
            fields = {**fields, "images": np.memmap(path, np.uint8, mode="r", offset=offset, shape=shape)}
        vars(self).update({**state, "digits": Digits(**fields)})
