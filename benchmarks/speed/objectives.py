"""Compare an update by automatic differentiation with one by the hand-derived gradients of the perceptron.

Both make the same updates of a network of the default depth and largest width: gradients of one batch, and a step of
the optimizer. Each objective is timed in turn in every round. Prints a table, and ends with exit code 1 if the median
update takes more than 1.3 times as long.
"""

import statistics
import sys
import time

import torch

from benchmarks.common import cli
from benchmarks.common.base_parameters import from_base
from benchmarks.common.tables import markdown
from mnist_growth.digits.statistics import MNIST_PIXELS
from mnist_growth.growth import GrowthConfig
from mnist_growth.learning import Autograd, Backprop, GrowingAdamW, Objective
from mnist_growth.machine import choose_precision
from mnist_growth.network import NetworkConfig, build
from mnist_growth.training import TrainingConfig

TARGET = 1.3
"""Largest allowed ratio of the times."""


class Updates:
    """Updates of one network with one objective.

    Args:
        objective: Class of the objective.
        dtype: Dtype of the matrix products; None for that of the weights.
    """

    def __init__(self, objective: type[Autograd] | type[Backprop], dtype: torch.dtype | None) -> None:
        spec = from_base(NetworkConfig, "network").spec(from_base(GrowthConfig, "growth").max_neurons)
        network = build(spec, MNIST_PIXELS, torch.Generator().manual_seed(0)).train()
        generator, size = torch.Generator().manual_seed(1), from_base(TrainingConfig, "training").batch_size
        self.images = torch.randint(0, 256, (size, 28, 28), dtype=torch.uint8, generator=generator)
        self.labels = torch.randint(0, 10, (size,), generator=generator)
        self.objective: Objective = objective(network, dtype)
        self.optimizer = GrowingAdamW(network)

    def seconds(self) -> float:
        """Make one update and return its time."""
        started = time.perf_counter()
        self.objective.begin()
        self.objective.add(self.images, self.labels)
        self.objective.finish()
        self.optimizer.step(0.001)
        return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = cli.parser(__doc__, "10 rounds")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    best = choose_precision("auto", torch.device("cpu"))
    rows, ratios = [], []
    for precision in dict.fromkeys(["float32", best]):
        dtype = from_base(TrainingConfig, "training", precision=precision).product_dtype
        ours, theirs = (Updates(kind, dtype) for kind in (Autograd, Backprop))
        for updates in (ours, theirs):
            for _ in range(5):
                updates.seconds()
        times = [(ours.seconds(), theirs.seconds()) for _ in range(10 if options.quick else 300)]
        automatic, derived = (1e3 * statistics.median(column) for column in zip(*times, strict=True))
        ratios.append(automatic / derived)
        rows.append((precision, f"{derived:.2f}", f"{automatic:.2f}", f"{ratios[-1]:.2f}"))
    header = ("precision", "hand-derived, ms", "automatic, ms", "ratio")
    print(f"{markdown(header, rows)}\n\n{options.threads} threads, median of {len(times)} updates.")
    if max(ratios) > TARGET:
        sys.exit(f"The target is a ratio of at most {TARGET}.")


if __name__ == "__main__":
    main()
