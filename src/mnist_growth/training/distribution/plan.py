"""Whether and how a training is divided among processes and machines."""

from dataclasses import replace

import torch

from mnist_growth.digits import Split
from mnist_growth.machine import choose_device, default_threads
from mnist_growth.training.distribution.config import DistributionConfig
from mnist_growth.training.setup import TrainingSetup
from mnist_growth.training.start import Machine


def share_machine(machine: Machine, config: DistributionConfig) -> Machine:
    """Return the share of each process in its machine: threads and memory on a CPU, one GPU.

    Args:
        machine: What the processes of this machine run on together.
        config: Their number.

    Raises:
        ValueError: There are fewer GPUs than processes.
    """
    device = choose_device(machine.device)
    if device.type != "cpu" and config.processes > (found := _gpus(device)):
        raise ValueError(
            f"Parameter 'distribution.processes' is {config.processes}, but this machine has "
            f"{'1 GPU' if found == 1 else f'{found} GPUs'}, and each process needs one of its own; set "
            f"distribution.processes={found} or less, or device=cpu"
        )
    threads = max(1, (machine.threads or default_threads()) // config.processes)
    fraction = machine.budget_fraction / (config.processes if device.type == "cpu" else 1)
    return Machine(machine.device, threads, fraction)


def divide(setup: TrainingSetup, config: DistributionConfig, split: Split) -> TrainingSetup:
    """Return the parameters of a training with the processes that share it.

    Args:
        setup: All parameters.
        config: Processes and machines.
        split: Into training and validation part.

    Raises:
        ValueError: A batch has too few images for the processes.
    """
    training = setup.training
    each = setup.initial_spec.min_batch_size if config.batch_norm == "local" else 1
    needed = max(each * config.total, setup.initial_spec.min_batch_size)
    sizes = {
        "training.batch_size": training.batch_size,
        "training.micro_batch_size": training.micro_batch_size or training.batch_size,
        **{
            f"training.batch_size_schedule.steps[{index}].batch_size": step.batch_size
            for index, step in enumerate(training.batch_size_schedule.steps)
        },
        "the number of training images": len(split.train),
    }
    for name, size in sizes.items():
        if size < needed:
            shown = (
                f"Parameter '{name}' is {size}" if name.startswith("training.") else f"There are {size} training images"
            )
            raise ValueError(
                f"{shown}, too few for {config.total} processes (distribution.processes x distribution.nodes), which "
                f"need at least {needed}; increase it or train in fewer processes"
            )
    return replace(setup, processes=config.total, batch_norm=config.batch_norm)


def _gpus(device: torch.device) -> int:
    return torch.cuda.device_count() if device.type == "cuda" else 1
