"""Time, memory and multiply-adds."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mnist_growth.report.formats import count, duration, megabytes, percent, scientific
from mnist_growth.report.tables import Columns, described, key_values
from mnist_growth.report.topic import Body, Topic

_TRAINING: Columns = {
    "epochs": ("epochs", count),
    "images": ("training images processed", count),
    "growths": ("growths", count),
    "multiply_adds": ("multiply-adds of the training", scientific),
    "multiply_adds_of_the_last_widths": ("multiply-adds with the final widths from the start", scientific),
    "multiply_adds_share": ("ratio of the two", percent),
    "seconds": ("training time, without validation and checkpoints", duration),
    "images_per_second": ("images per second", count),
    "peak_rss_bytes": ("peak memory of the process", megabytes),
}
_SUMMED: Columns = {
    "parameters": ("parameters", count),
    "multiply_adds": ("multiply-adds per image", count),
    "activations": ("stored activations per image", count),
}
_LAYERS: Columns = {
    "layer": ("number", count),
    "name": ("layer", str),
    "inputs": ("inputs", count),
    "outputs": ("units", count),
    **_SUMMED,
}
_MEMORY: Columns = {"part": ("part", str), "formula": ("formula", str), "bytes": ("memory", megabytes)}
_FORMULAS = (
    "In the formulas of the memory, P is the number of parameters, A the number of activations per image and B the "
    "number of images that are computed at once."
)


def _body(results: Mapping[str, Any]) -> Body:
    costs, memory = results["layer_costs"], results["memory_parts"]
    layers = described("layer_costs", "Complexity of the trained network; the last layer is the output", costs, _LAYERS)
    total = ("all", "", "", "", *(count(costs[name].sum()) for name in _SUMMED))
    return Body(
        [_FORMULAS],
        [
            key_values("training_cost", "The training", results["training_summary"], _TRAINING),
            described("memory_parts", "Memory of the training", memory, _MEMORY),
            replace(layers, rows=[*layers.rows, total]),
        ],
    )


TOPIC = Topic(
    "cost",
    "Cost",
    ("training_summary", "layer_costs", "memory_parts", "cost_figure", "memory_figure", "complexity_figure"),
    _body,
)
