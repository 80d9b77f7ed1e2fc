"""How many trainings run at the same time, and their shares of the machine."""

from mnist_growth.machine import MemoryBudget, available_processors, choose_device, default_threads, rss_bytes
from mnist_growth.network import training_memory
from mnist_growth.studies.config import StudiesConfig
from mnist_growth.training import Machine, TrainingSetup, last_spec

_HELD_BY_ALLOCATOR = 1.3  # memory of a training relative to its formula, which leaves out buffers


def share_machine(
    machine: Machine, config: StudiesConfig, largest: TrainingSetup, trainings: int
) -> tuple[int, Machine]:
    """Return the number of workers and what each of them runs on.

    Without a number in the configuration there are as many workers as threads on a CPU, limited by the number of
    trainings and by memory, and one on a GPU.

    Args:
        machine: What the study runs on.
        config: Has the number of workers.
        largest: The training that takes most memory.
        trainings: Number of trainings of the study.

    Raises:
        ValueError: So many workers need more memory than the study may use.
    """
    device = choose_device(machine.device)
    budget = MemoryBudget(machine.budget_fraction, device)
    needed = worker_bytes(largest)
    fitting = max(1, int(budget.bytes // needed))
    if config.workers is not None and config.workers > fitting:
        raise ValueError(
            f"Parameter 'studies.workers' is {config.workers}, but as many trainings need about "
            f"{config.workers * needed / 1e9:.1f} GB of memory and memory.budget_fraction allows "
            f"{budget.bytes / 1e9:.1f} GB; set studies.workers={fitting} or less."
        )
    threads = machine.threads or default_threads()
    wanted = config.workers or (min(threads, available_processors()) if device.type == "cpu" else 1)
    workers = min(wanted, fitting, max(1, trainings))
    return workers, Machine(machine.device, max(1, threads // workers), machine.budget_fraction / workers)


def worker_bytes(setup: TrainingSetup) -> int:
    """Return the memory that a worker needs about: libraries, network, optimizer and activations of a batch."""
    parts = training_memory(last_spec(setup).costs(), images=setup.training.batch_size, overhead=0)
    return int(rss_bytes() + _HELD_BY_ALLOCATOR * sum(part.bytes for part in parts))
