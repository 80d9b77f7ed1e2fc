"""How fast does a network answer in torch, ONNX and int8? `python -m benchmarks.speed.inference`.

All forms of the newest network answer the same images in turn, A B C A B C ..., for every batch size, first with one
thread and then with two. A ratio is that of two forms in the same round, so that a machine that does other work as well
slows down both. Prints a table and writes benchmarks/results/inference.json. The last three forms are made by
onnxruntime's own tools and stand here for comparison.
"""

import argparse
import gc
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.common.hardware import describe
from benchmarks.common.paths import PROJECT, RESULTS
from mnist_growth import export
from mnist_growth.digits import sample_digits
from mnist_growth.digits.idx import read_pair
from mnist_growth.network import GrowingMLP, TrainedNetwork, load_network, predict_logits

FILE = RESULTS / "inference.json"
BATCHES = (1, 16, 64, 128, 256)
MOST_RATIO = 0.25  # goal: latency of int8 against torch eager, for batches of 64 to 256 images
GOAL_BATCHES = (64, 128, 256)
BLOCK_SECONDS = 0.05  # of calls that are timed together
PAUSE_SECONDS = 0.02  # in which threads that wait for work actively give up

Answer = Callable[[NDArray[np.uint8]], Any]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", type=Path, help="file of the network; the newest one without it")
    parser.add_argument("--rounds", type=int, default=15, help="of all forms in turn, for each batch size")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()

    trained, images, labels = network_and_digits(options.network)
    models = all_models(trained, sample_digits().train.images if images is None else images[0])
    test_images = sample_digits().test.images if images is None else images[1]
    results: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "hardware": {**describe(), "runtime": export.runtime()},
        "widths": list(trained.network.widths),
        "dataset": trained.dataset,
        "rounds": options.rounds,
        "forms": quality(trained.network, models, test_images, labels),
        "latency": [
            measurement
            for threads in options.threads
            for measurement in latencies(trained.network, models, test_images, threads, options.rounds)
        ],
    }
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(results, indent=2) + "\n")
    print(table(results))


def network_and_digits(
    path: Path | None,
) -> tuple[TrainedNetwork, tuple[NDArray[np.uint8], NDArray[np.uint8]] | None, NDArray[np.int64] | None]:
    """Return a network, and the training and test images that it belongs to with the test labels where they are kept.

    Where nothing has been trained, the network is untrained and of the default size: it takes the same time.
    """
    paths = sorted(PROJECT.glob("data/06_models/network.safetensors/*/network.safetensors"))
    if path is None and not paths:
        return TrainedNetwork(GrowingMLP((512, 512, 512)).eval().requires_grad_(False), "none", "", 0), None, None
    trained = load_network(path or paths[-1])
    for folder in sorted(PROJECT.glob("data/02_intermediate/test_digits/*/test_digits"), reverse=True):
        if json.loads((folder / "digits.json").read_text())["fingerprint"] == trained.fingerprint:
            test_images, labels = read_pair(folder / "images.idx3-ubyte", folder / "labels.idx1-ubyte")
            train = Path(str(folder).replace("test_digits", "train_digits"))
            return (
                trained,
                (read_pair(train / "images.idx3-ubyte", train / "labels.idx1-ubyte")[0], test_images),
                labels,
            )
    return trained, None, None


def all_models(trained: TrainedNetwork, train_images: NDArray[np.uint8]) -> dict[str, bytes]:
    """Return the content of the ONNX file of each form."""
    layers, origin = export.fold(trained.network), export.origin_of(trained)
    float_model = export.float_model(layers, origin)
    calibration = train_images[:: max(1, len(train_images) // 5000)]
    ours = export.int8_model(layers, calibration, origin)
    return {
        "onnx": float_model.SerializeToString(),
        "int8": ours.SerializeToString(),
        **of_onnxruntime(float_model.SerializeToString(), calibration),
    }


def of_onnxruntime(model: bytes, calibration: NDArray[np.uint8]) -> dict[str, bytes]:
    """Return what onnxruntime's own tools make of the float32 model: static, as QDQ and QOperator, and dynamic."""
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_dynamic,
        quantize_static,
    )

    logging.disable(logging.WARNING)  # advice for other networks

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches = iter(np.array_split(np.asarray(calibration), max(1, len(calibration) // 500)))

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            batch = next(self.batches, None)
            return None if batch is None else {"images": batch}

    types = {"per_channel": True, "weight_type": QuantType.QInt8}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "float.onnx"
        source.write_bytes(model)
        paths = {name: Path(folder) / f"{name}.onnx" for name in ("static QDQ", "static QOperator", "dynamic")}
        for name, form in (("static QDQ", QuantFormat.QDQ), ("static QOperator", QuantFormat.QOperator)):
            quantize_static(source, paths[name], Reader(), quant_format=form, activation_type=QuantType.QUInt8, **types)
        quantize_dynamic(source, paths["dynamic"], **types)
        logging.disable(logging.NOTSET)
        return {name: path.read_bytes() for name, path in paths.items()}


def answers(network: GrowingMLP, models: dict[str, bytes], threads: int) -> dict[str, Answer]:
    """Make all forms ready to answer with so many threads."""

    def eager(images: NDArray[np.uint8]) -> torch.Tensor:
        with torch.inference_mode():
            logits: torch.Tensor = network(torch.from_numpy(images))
        return logits

    torch.set_num_threads(threads)
    return {"torch": eager, **{name: run(model, threads) for name, model in models.items()}}


def run(model: bytes, threads: int) -> Answer:
    """Make one model ready; the tools of onnxruntime drop the metadata that `export.OnnxNetwork` asks for."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"images": images})[0]


def quality(
    network: GrowingMLP, models: dict[str, bytes], images: NDArray[np.uint8], labels: NDArray[np.int64] | None
) -> dict[str, Any]:
    """Return size, change of the logits and, where labels are known, errors of each form."""
    images = np.array(images)
    reference = predict_logits(network, images)
    result: dict[str, Any] = {"torch": {} if labels is None else {"errors": errors(reference, labels)}}
    for name, model in models.items():
        logits = run(model, 1)(images)
        result[name] = {"bytes": len(model), **export.compare_outputs(reference, logits)}
        if labels is not None:
            result[name]["errors"] = errors(logits, labels)
    return result


def errors(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> int:
    """Number of wrong answers."""
    return int((logits.argmax(axis=1) != labels).sum())


def latencies(
    network: GrowingMLP, models: dict[str, bytes], images: NDArray[np.uint8], threads: int, rounds: int
) -> list[dict[str, Any]]:
    """Time all forms in turn, for each batch size."""
    forms = answers(network, models, threads)
    result = []
    for size in BATCHES:
        batch = np.array(images[:size])
        repeats = {name: warm_up(answer, batch) for name, answer in forms.items()}
        times: dict[str, list[float]] = {name: [] for name in forms}
        for _ in range(rounds):
            for name, answer in forms.items():
                time.sleep(PAUSE_SECONDS)
                answer(batch)
                times[name].append(block(answer, batch, repeats[name]))
        for name, values in times.items():
            ratios = [value / other for value, other in zip(values, times["torch"], strict=True)]
            result.append(
                {
                    "threads": threads,
                    "batch": size,
                    "form": name,
                    "milliseconds": summary([1e3 * value for value in values]),
                    "ratio_to_torch": summary(ratios),
                }
            )
    return result


def warm_up(answer: Answer, batch: NDArray[np.uint8]) -> int:
    """Answer a few times, untimed, and return how many calls fill a block."""
    for _ in range(5):
        answer(batch)
    return max(1, round(BLOCK_SECONDS / block(answer, batch, 5)))


def block(answer: Answer, batch: NDArray[np.uint8], repeats: int) -> float:
    """Mean seconds of a call."""
    gc.collect()
    started = time.perf_counter()
    for _ in range(repeats):
        answer(batch)
    return (time.perf_counter() - started) / repeats


def summary(values: Sequence[float]) -> dict[str, float]:
    """Median, quartiles and number of the values."""
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    return {"median": middle, "lower_quartile": low, "upper_quartile": high, "least": min(values), "n": len(values)}


def table(results: dict[str, Any]) -> str:
    """What was measured, as Markdown."""
    lines = [
        "| Threads | Images at once | torch | "
        + " | ".join(name for name in results["forms"] if name != "torch")
        + " |",
        "|" + "---|" * (len(results["forms"]) + 2),
    ]
    by_batch: dict[tuple[int, int], dict[str, Any]] = {}
    for row in results["latency"]:
        by_batch.setdefault((row["threads"], row["batch"]), {})[row["form"]] = row
    for (threads, size), rows in by_batch.items():
        cells = [
            f"{rows[name]['ratio_to_torch']['median']:.2f} ({rows[name]['ratio_to_torch']['lower_quartile']:.2f} to "
            f"{rows[name]['ratio_to_torch']['upper_quartile']:.2f})"
            for name in rows
            if name != "torch"
        ]
        lines.append(f"| {threads} | {size} | {rows['torch']['milliseconds']['median']:.2f} ms | {' | '.join(cells)} |")
    lines.append("")
    for (threads, size), rows in by_batch.items():
        if size in GOAL_BATCHES:
            ratio = rows["int8"]["ratio_to_torch"]["median"]
            verdict = "met" if ratio <= MOST_RATIO else f"missed by {ratio - MOST_RATIO:.3f}"
            lines.append(f"goal int8 <= {MOST_RATIO} x torch, {threads} threads, {size} images: {ratio:.3f}, {verdict}")
    lines += [f"{name}: {json.dumps(form)}" for name, form in results["forms"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
