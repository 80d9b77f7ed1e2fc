"""How much of the machine does a training step use? `python -m benchmarks.speed.throughput`.

Whole updates (gather, warp, forward, backward, optimizer, average) of three hidden layers, at several widths and batch
sizes, with and without warps, in float32 and bfloat16, and once more after six growths, when the optimizer keeps blocks
of several ages. The rate counts only multiply-adds that are executed: not the gradient of the pixels, which nothing
asks for. The peak is the largest rate of float32 products of 512 x 512 and 1024 x 1024, measured in the same process
before every round; a share is that of a round, the figure is the median of the rounds. Prints a table, writes
benchmarks/results/throughput.json and a figure beside it. `--quick` takes seconds and measures nothing.
"""

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from benchmarks.common.hardware import describe
from benchmarks.common.tables import circumstances, write_results
from benchmarks.speed.throughput_tables import draw, table
from benchmarks.speed.training_steps import Steps, Variant, executed_multiply_adds

NAME = "throughput"
WIDTHS, BATCHES = (128, 256, 512), (64, 128, 256, 512, 1024)
PEAK_SIZES = (512, 1024)
BLOCK_SECONDS = 0.12  # of updates that are timed together


@dataclass
class Rates:
    """What was measured of a variant, one value for each round.

    Attributes:
        images_per_second: trained.
        shares: of the peak of the same round.
    """

    images_per_second: list[float]
    shares: list[float]


def main() -> None:
    """Measure, print, write and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one width, one batch size, short blocks")
    options = parser.parse_args()
    widths, batches = ((32,), (64,)) if options.quick else (WIDTHS, BATCHES)
    block = 0.01 if options.quick else BLOCK_SECONDS

    results: dict[str, Any] = {**circumstances(), "hardware": describe(), "rounds": options.rounds, "rows": []}
    peaks: list[float] = []
    for width in widths:
        for batch in batches:
            variants = list(variants_of(width, batch, with_growth=width == widths[-1]))
            rates, found = measure(variants, options.rounds, block)
            peaks += found
            results["rows"] += [row(variant, rate) for variant, rate in zip(variants, rates, strict=True)]
            print(f"width {width}, batch {batch}: {statistics.median(rates[0].shares):.2f} of the peak", flush=True)
    results["peak_gflops"] = {"median": statistics.median(peaks), "least": min(peaks), "most": max(peaks)}
    path = write_results(NAME, results, quick=options.quick)
    print(table(results))
    draw(results).write_html(path.with_suffix(".html"), include_plotlyjs="cdn")
    print(f"\n{path} and {path.stem}.html beside it")


def variants_of(width: int, batch: int, *, with_growth: bool) -> Iterator[Variant]:
    """What is measured in turn; float32 without warps and growths comes first."""
    for precision in ("float32", "bfloat16"):
        for warps in (False, True):
            yield Variant(width, batch, precision, warps=warps, growths=0)
    if with_growth:
        yield Variant(width, batch, "float32", warps=False, growths=6)


def measure(variants: Sequence[Variant], rounds: int, block: float) -> tuple[list[Rates], list[float]]:
    """Rates of some variants and the peaks, in turn: peak, A, B, ..., peak, A, B, ...; the first round warms up."""
    all_steps = [Steps(variant) for variant in variants]
    counts = [max(2, round(block / steps.run(3))) for steps in all_steps]
    rates, peaks = [Rates([], []) for _ in variants], []
    for number in range(rounds + 1):
        peak = peak_flops(block)
        seconds = [steps.run(count) for steps, count in zip(all_steps, counts, strict=True)]
        if number == 0:
            continue
        peaks.append(peak / 1e9)
        for variant, rate, needed in zip(variants, rates, seconds, strict=True):
            flops = 2 * variant.batch * executed_multiply_adds(variant.widths) / needed
            rate.images_per_second.append(variant.batch / needed)
            rate.shares.append(flops / peak)
    return rates, peaks


def peak_flops(block: float) -> float:
    """Largest rate of float32 products over some sizes, in operations a second, each measured for about a block."""
    best = 0.0
    for size in PEAK_SIZES:
        left, right, out = (torch.rand(size, size) for _ in range(3))
        torch.mm(left, right, out=out)
        started, count = time.perf_counter(), 0
        while (passed := time.perf_counter() - started) < block / 2 or count == 0:
            torch.mm(left, right, out=out)
            count += 1
        best = max(best, 2 * size**3 * count / passed if passed else 0.0)
    return best


def row(variant: Variant, rates: Rates) -> dict[str, Any]:
    """A variant with its medians, deviations and the values of all rounds."""
    return {
        **asdict(variant),
        "images_per_second": statistics.median(rates.images_per_second),
        "share_of_peak": statistics.median(rates.shares),
        "share_deviation": statistics.stdev(rates.shares) if len(rates.shares) > 1 else 0.0,
        "rounds": asdict(rates),
    }


if __name__ == "__main__":
    main()
