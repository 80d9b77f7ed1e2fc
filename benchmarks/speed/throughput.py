"""Measure how much of the machine's peak rate a training step uses.

Times complete updates (gather, warp, forward, backward, optimizer, average) of three hidden layers for several widths
and batch sizes, with and without warps, in float32 and bfloat16, and again after six growths, when the optimizer keeps
blocks of several ages. The rate counts only the multiply-adds that are executed; the gradient with respect to the
pixels is not computed. The peak is the largest rate of float32 products of 512 x 512 and 1024 x 1024, measured in the
same process before every round. A share refers to the peak of the same round, and the reported share is the median of
the rounds. Prints a table, and writes throughput.json and a figure.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.speed.throughput_tables import draw, table
from benchmarks.speed.training_steps import Steps, Variant, executed_multiply_adds

NAME = "throughput"
WIDTHS, BATCHES = (128, 256, 512), (64, 128, 256, 512, 1024)
PEAK_SIZES = (512, 1024)
BLOCK_SECONDS = 0.12  # duration of the updates that are timed together


@dataclass
class Rates:
    """Measurements of a variant, one value per round.

    Attributes:
        images_per_second: Images trained per second.
        shares: Share of the peak of the same round.
    """

    images_per_second: list[float]
    shares: list[float]


def main() -> None:
    """Measure, print, write and draw."""
    options_parser = parser(__doc__, "one width, one batch size, short blocks")
    options_parser.add_argument("--rounds", type=int, default=5)
    options = options_parser.parse_args()
    widths, batches = ((32,), (64,)) if options.quick else (WIDTHS, BATCHES)
    block = 0.01 if options.quick else BLOCK_SECONDS

    circumstances = Circumstances.now(quick=options.quick)
    rows: list[dict[str, Any]] = []
    peaks: list[float] = []
    for width in widths:
        for batch in batches:
            variants = list(variants_of(width, batch, with_growth=width == widths[-1]))
            rates, round_peaks = measure(variants, options.rounds, block)
            peaks += round_peaks
            rows += [row(variant, rate) for variant, rate in zip(variants, rates, strict=True)]
            share = statistics.median(rates[0].shares)
            print(f"Width {width}, batch {batch}: {share:.2f} of the peak.", flush=True)
    findings = {
        "rounds": options.rounds,
        "rows": rows,
        "peak_gflops": {"median": statistics.median(peaks), "least": min(peaks), "most": max(peaks)},
    }
    path = write_results(NAME, circumstances, findings, n=options.rounds, quick=options.quick)
    results = {**asdict(circumstances), **findings}
    print(table(results))
    draw(results).write_html(path.with_suffix(".html"), include_plotlyjs="cdn")
    print(f"\nWrote {path} and {path.stem}.html.")


def variants_of(width: int, batch: int, *, with_growth: bool) -> Iterator[Variant]:
    """Give the kinds of update to measure; float32 without warps and growths comes first."""
    for precision in ("float32", "bfloat16"):
        for warps in (False, True):
            yield Variant(width, batch, precision, warps=warps, growths=0)
    if with_growth:
        yield Variant(width, batch, "float32", warps=False, growths=6)


def measure(variants: Sequence[Variant], rounds: int, block: float) -> tuple[list[Rates], list[float]]:
    """Measure variants and peaks in turn: peak, A, B, ..., peak, A, B, ...; the first round warms up.

    Args:
        variants: Kinds of update.
        rounds: Number of rounds that count.
        block: Duration of the updates that are timed together, in seconds.

    Returns:
        The rates of each variant, and the peak of each round in GFLOP/s.
    """
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
    """Measure the largest rate of float32 products over several sizes.

    Args:
        block: Duration of the measurement of all sizes, in seconds.

    Returns:
        Operations per second.
    """
    best = 0.0
    for size in PEAK_SIZES:
        left, right, out = (torch.rand(size, size) for _ in range(3))
        torch.mm(left, right, out=out)
        started, count = time.perf_counter(), 0
        while (passed := time.perf_counter() - started) < block / len(PEAK_SIZES) or count == 0:
            torch.mm(left, right, out=out)
            count += 1
        best = max(best, 2 * size**3 * count / passed if passed else 0.0)
    return best


def row(variant: Variant, rates: Rates) -> dict[str, Any]:
    """Summarise a variant: medians, deviation, and the values of all rounds."""
    return {
        **asdict(variant),
        "images_per_second": statistics.median(rates.images_per_second),
        "share_of_peak": statistics.median(rates.shares),
        "share_deviation": statistics.stdev(rates.shares) if len(rates.shares) > 1 else 0.0,
        "rounds": asdict(rates),
    }


if __name__ == "__main__":
    main()
