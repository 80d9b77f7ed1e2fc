"""Measure the latency of a network in PyTorch, compiled by PyTorch, in ONNX and int8.

All forms of the newest network answer the same images in turn, A B C A B C ..., for each batch size, first with one
thread, then with two. A ratio compares two forms in the same round, so that other work on the machine slows down both.
"folded" is what `kedro serve` computes by default; "compile" and "AOTInductor" are the same network compiled by
PyTorch, which needs a C++ compiler. The three forms after int8 are made by the tools of onnxruntime, for comparison.
Without a trained network an untrained one of the default size is used, which takes the same time. Prints a table and
writes inference.json.
"""

import gc
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import artifacts
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.networks import network_or_untrained
from benchmarks.common.results import write_results
from benchmarks.common.tables import machine_line, markdown
from benchmarks.speed.compiled import compiled_forms
from benchmarks.speed.network_forms import Answer, answers, onnx_models, session
from mnist_growth import export
from mnist_growth.digits import sample_digits
from mnist_growth.network import Network, TrainedNetwork, predict_logits

NAME = "inference"
BATCHES = (1, 16, 64, 128, 256)
MAX_RATIO = 0.25  # goal: latency of int8 / latency of eager PyTorch
GOAL_BATCHES = (64, 128, 256)  # batch sizes that the goal is for
BLOCK_SECONDS = 0.05  # duration of the calls that are timed together
PAUSE_SECONDS = 0.02  # after which idle threads have stopped spinning


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "one round, one thread, batches of 1 and 16 images")
    options_parser.add_argument("--network", type=Path, help="file of the network; the newest one without it")
    options_parser.add_argument("--rounds", type=int, default=15, help="of all forms in turn, for each batch size")
    options_parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = options_parser.parse_args()
    if options.quick:
        options.rounds, options.threads = 1, [1]
    sizes = BATCHES[:2] if options.quick else BATCHES
    circumstances = Circumstances.now(quick=options.quick)
    trained = network_or_untrained(options.network)
    train_images, test_images, labels = digits_for(trained)
    models = onnx_models(trained, train_images)
    findings = {
        "runtime": export.runtime(),
        "widths": list(trained.network.widths),
        "dataset": trained.dataset,
        "rounds": options.rounds,
        "forms": quality(trained, models, test_images, labels),
        "latency": [
            measurement
            for threads in options.threads
            for measurement in latencies(trained.network, models, test_images, sizes, threads, options.rounds)
        ],
    }
    path = write_results(NAME, circumstances, findings, n=options.rounds, quick=options.quick)
    print(table({**asdict(circumstances), **findings}))
    print(f"\nWrote {path}.")


def digits_for(trained: TrainedNetwork) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64] | None]:
    """Return training images, test images and test labels of a network.

    Where its digits are not in the data folder, return those of the sample, without labels.
    """
    train, test = (artifacts.digits_of(trained.fingerprint, part) for part in ("train", "test"))
    if train is None or test is None:
        sample = sample_digits()
        return sample.train.images, sample.test.images, None
    return train[0], *test


def quality(
    trained: TrainedNetwork, models: dict[str, bytes], images: NDArray[np.uint8], labels: NDArray[np.int64] | None
) -> dict[str, Any]:
    """Return size, change of the logits and, where labels are known, errors of each form."""
    images = np.array(images)
    reference = predict_logits(trained.network, images)
    result: dict[str, Any] = {"torch": {} if labels is None else {"errors": errors(reference, labels)}}
    for name, model in models.items():
        logits = session(model, 1)(images)
        result[name] = {"bytes": len(model), **export.compare_outputs(reference, logits)}
        if labels is not None:
            result[name]["errors"] = errors(logits, labels)
    return result


def errors(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> int:
    """Count the wrong answers."""
    return int((logits.argmax(axis=1) != labels).sum())


def latencies(
    network: Network,
    models: dict[str, bytes],
    images: NDArray[np.uint8],
    sizes: Sequence[int],
    threads: int,
    rounds: int,
) -> list[dict[str, Any]]:
    """Time all forms in turn, for each batch size."""
    forms = {**answers(network, models, threads), **compiled_forms(network)}
    result = []
    for size in sizes:
        batch = np.array(images[:size])
        repeats = {name: warm_up(answer, batch) for name, answer in forms.items()}
        times: dict[str, list[float]] = {name: [] for name in forms}
        for _ in range(rounds):
            for name, answer in forms.items():
                time.sleep(PAUSE_SECONDS)
                answer(batch)
                times[name].append(seconds_per_call(answer, batch, repeats[name]))
        for name, values in times.items():
            ratios = [value / other for value, other in zip(values, times["torch"], strict=True)]
            milliseconds = summary([1e3 * value for value in values])
            measured = {"milliseconds": milliseconds, "ratio_to_torch": summary(ratios)}
            result.append({"threads": threads, "batch": size, "form": name, **measured})
    return result


def warm_up(answer: Answer, batch: NDArray[np.uint8]) -> int:
    """Answer several times without timing, and return how many calls fill a block."""
    for _ in range(5):
        answer(batch)
    return max(1, round(BLOCK_SECONDS / seconds_per_call(answer, batch, 5)))


def seconds_per_call(answer: Answer, batch: NDArray[np.uint8], repeats: int) -> float:
    """Measure the mean time of a call."""
    gc.collect()
    started = time.perf_counter()
    for _ in range(repeats):
        answer(batch)
    return (time.perf_counter() - started) / repeats


def summary(values: Sequence[float]) -> dict[str, float]:
    """Return median, quartiles, minimum and number of values."""
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    return {"median": middle, "lower_quartile": low, "upper_quartile": high, "least": min(values), "n": len(values)}


def table(results: Mapping[str, Any]) -> str:
    """Format the latencies, the goal and the size of each form."""
    by_batch: dict[tuple[int, int], dict[str, Any]] = {}
    for row in results["latency"]:
        by_batch.setdefault((row["threads"], row["batch"]), {})[row["form"]] = row
    forms = [name for name in next(iter(by_batch.values())) if name != "torch"]
    rows, goals = [], []
    for (threads, size), found in by_batch.items():
        ratios = [found[name]["ratio_to_torch"] for name in forms]
        cells = [f"{r['median']:.2f} ({r['lower_quartile']:.2f} to {r['upper_quartile']:.2f})" for r in ratios]
        rows.append((threads, size, f"{found['torch']['milliseconds']['median']:.2f} ms", *cells))
        if size in GOAL_BATCHES:
            ratio = found["int8"]["ratio_to_torch"]["median"]
            verdict = "reached" if ratio <= MAX_RATIO else f"missed by {ratio - MAX_RATIO:.3f}"
            goals.append(f"Goal int8 <= {MAX_RATIO} x torch, {threads} threads, {size} images: {ratio:.3f}, {verdict}.")
    sizes = [f"{name}: {json.dumps(form)}" for name, form in results["forms"].items()]
    header = ("threads", "images per call", "torch", *(f"{name}, ratio" for name in forms))
    return "\n".join([markdown(header, rows), "", *goals, *sizes, "", machine_line(results)])


if __name__ == "__main__":
    main()
