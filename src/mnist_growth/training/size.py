"""Whether a training fits into memory and onto the disk, estimated before anything is allocated."""

import logging
import shutil
from pathlib import Path

from mnist_growth.growth import planned_widths, scheduled_neurons
from mnist_growth.machine import MemoryBudget
from mnist_growth.network import NetworkSpec, training_memory
from mnist_growth.training.setup import TrainingSetup

logger = logging.getLogger(__name__)

_CHECKPOINTS = 4  # at the same time: the newest two, the best, and one that is being written
_IN_CHECKPOINT = ("weights", "averaged weights", "Adam's moments")  # parts of the memory that a checkpoint contains


def check_size(setup: TrainingSetup, budget: MemoryBudget, folder: Path) -> None:
    """Refuse a training whose first network does not fit; warn if the last one will not.

    Memory is that of the parameters, their average, gradients and moments alone: the training adapts the number of
    images, and with it the memory of activations, to what is left, and says so if that is too little.

    Args:
        setup: All parameters.
        budget: Memory that may be used.
        folder: Of the checkpoints; it need not exist.

    Raises:
        ValueError: The first network does not fit into the memory, or its checkpoints onto the disk.
    """
    free = _free_bytes(folder)
    first, last = setup.initial_spec, last_spec(setup)
    if problem := _problem(first, budget, free):
        raise ValueError(f"The network at the start {problem}; decrease growth.initial_neurons")
    if last != first and (problem := _problem(last, budget, free)):
        logger.warning("The network at the end %s: the training will stop before; decrease growth.max_neurons", problem)


def last_spec(setup: TrainingSetup) -> NetworkSpec:
    """Return the network at the end of the training, or the largest possible one if that depends on the training."""
    growth, first, last_epoch = setup.growth, setup.initial_spec, setup.training.epochs - 1
    if growth.trigger == "plan":
        return first.with_neurons(planned_widths(last_epoch, growth, first))
    neurons = scheduled_neurons(last_epoch, growth) if growth.trigger == "schedule" else growth.max_neurons
    return first.with_equal_neurons(neurons)


def _problem(spec: NetworkSpec, budget: MemoryBudget, free: int) -> str:
    """Return what a network needs and there is not; empty if it fits."""
    parts = {part.part: part.bytes for part in training_memory(spec.costs(), images=0, overhead=0)}
    needed, stored = sum(parts.values()), _CHECKPOINTS * sum(parts[name] for name in _IN_CHECKPOINT)
    widths = "-".join(map(str, spec.widths))
    if needed > budget.bytes:
        return (
            f"({widths}) needs about {needed / 1e9:.1f} GB of memory, but memory.budget_fraction allows "
            f"{budget.bytes / 1e9:.1f} GB"
        )
    if stored > free:
        return f"({widths}) needs about {stored / 1e9:.1f} GB for its checkpoints, but the disk has {free / 1e9:.1f} GB"
    return ""


def _free_bytes(folder: Path) -> int:
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free
