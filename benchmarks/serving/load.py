"""How much load does the service bear, beside MLflow's server and LitServe? `make bench-serving`.

All services answer with the same network, in turn, A B C A B C ..., each with one worker and one thread, on this
machine: the load comes from one more process, which shares its cores. Ratios are those of the same round. Measured are
requests a second and latency against the number of connections, latency against the number of images in a question, and
the memory of our service over 200,000 questions. Prints tables, and writes benchmarks/results/serving.json and a figure
beside it. `--quick` takes a minute and shows that it works.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from benchmarks.common.hardware import describe
from benchmarks.common.paths import PROJECT, RESULTS
from benchmarks.serving.load_generator import Load, generate, request
from benchmarks.serving.services import RIVALS, ask, digit_in, memory_bytes, running
from mnist_growth.digits import sample_digits
from mnist_growth.figures import stamp
from mnist_growth.figures.theme import TEMPLATE
from mnist_growth.network import GrowingMLP, TrainedNetwork, load_network, save_network

FILE = RESULTS / "serving.json"
CONNECTIONS = (1, 4, 16, 64)
BATCHES = (1, 4, 16, 64, 256)
WARM_UP = 500  # questions
LEAST_RATIO = {"mlflow models serve": 4.0, "LitServe": 2.5}  # goals: our requests a second against theirs
MOST_GROWTH = 20e6  # bytes; goal of the memory's growth
MEMORY_STEPS = 20  # of the questions between which memory is looked at


def main() -> None:
    """Measure, print, write and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", type=Path, help="file of the network; the newest one without it")
    parser.add_argument("--rounds", type=int, default=3, help="of all services in turn")
    parser.add_argument("--seconds", type=float, default=3, help="for each number of connections")
    parser.add_argument("--requests", type=int, default=200_000, help="over which memory is watched")
    parser.add_argument("--quick", action="store_true", help="one short round, and few requests")
    parser.add_argument("--results", type=Path, default=FILE)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.requests = 1, 0.3, 4000

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = options.network or newest_network(folder)
        images = sample_digits().test.images
        results: dict[str, Any] = {
            "date": time.strftime("%Y-%m-%d"),
            "hardware": describe(),
            "widths": list(load_network(path).network.widths),
            "seconds": options.seconds,
            **measure(path, folder, images, options.rounds, options.seconds),
            "memory": memory(path, folder, images, options.requests),
        }
    options.results.parent.mkdir(exist_ok=True)
    options.results.write_text(json.dumps(results, indent=1) + "\n")
    print("\n".join(table(results)))
    draw(results).write_html(options.results.with_suffix(".html"), include_plotlyjs="cdn")


def newest_network(folder: Path) -> Path:
    """The newest network of the project; where there is none, an untrained one: it takes as long."""
    if found := sorted((PROJECT / "data/06_models/network.safetensors").glob("*/network.safetensors")):
        return found[-1]
    path = folder / "network.safetensors"
    save_network(path, TrainedNetwork(GrowingMLP([512] * 3).eval(), dataset="none", fingerprint="", epochs=0))
    return path


def measure(
    network: Path, folder: Path, images: NDArray[np.uint8], rounds: int, seconds: float
) -> dict[str, list[dict[str, Any]]]:
    """Load every service in turn: a row for each round, service and number of connections or images."""
    load, batches = [], []
    for number in range(rounds):
        answers = {}
        for rival in RIVALS:
            requests = [request(rival.path, rival.body(image[None])) for image in images[:200]]
            with running(rival, network, folder) as (port, process):
                answers[rival.name] = [digit_in(rival, ask(port, rival.path, rival.body(i[None]))) for i in images[:20]]
                generate(port, requests, connections=8, count=WARM_UP)
                for connections in CONNECTIONS:
                    row = {"service": rival.name, "round": number, "connections": connections}
                    load.append(row | figures(generate(port, requests, connections=connections, seconds=seconds)))
                    print(".", end="", flush=True)
                load[-1]["memory_bytes"] = memory_bytes(process)
                if rival.many_body is None or rival.many_path is None:
                    continue
                for size in BATCHES:
                    question = [request(rival.many_path, rival.many_body(images[:size]))]
                    row = {"service": rival.name, "round": number, "images": size}
                    batches.append(row | figures(generate(port, question, connections=1, seconds=seconds / 2)))
        if len({tuple(each) for each in answers.values()}) > 1:
            raise RuntimeError(f"the services do not give the same answers: {answers}")
    print()
    return {"load": load, "batches": batches}


def figures(load: Load) -> dict[str, Any]:
    """Requests a second, and quantiles of the latency in milliseconds.

    Raises:
        RuntimeError: A request was not answered with 200.
    """
    if set(load.statuses) != {200}:
        raise RuntimeError(f"answers by status: {dict(load.statuses)}; expected 200 only")
    p50, p95, p99 = (np.quantile(load.latencies, [0.5, 0.95, 0.99]) * 1000).round(3).tolist()
    rate = round(len(load.latencies) / load.seconds, 1)
    return {"requests": len(load.latencies), "requests_per_second": rate, "p50": p50, "p95": p95, "p99": p99}


def memory(network: Path, folder: Path, images: NDArray[np.uint8], count: int) -> list[dict[str, int]]:
    """Resident memory of our service over many questions, of images that are and are not in MNIST form."""
    ours = RIVALS[0]
    variants = [*images[:200], *(255 - np.pad(image, 60) for image in images[200:210])]
    requests = [request(ours.path, ours.body(image[None])) for image in variants]
    rows = []
    with running(ours, network, folder) as (port, process):
        generate(port, requests, connections=32, count=count // MEMORY_STEPS)
        rows.append({"requests": 0, "memory_bytes": memory_bytes(process)})
        for step in range(1, MEMORY_STEPS + 1):
            generate(port, requests, connections=32, count=count // MEMORY_STEPS)
            rows.append({"requests": step * (count // MEMORY_STEPS), "memory_bytes": memory_bytes(process)})
    return rows


def mean(rows: Iterable[Mapping[str, Any]], key: str) -> float:
    """Of one column."""
    return float(statistics.mean(row[key] for row in rows))


def chosen(rows: Sequence[Mapping[str, Any]], **values: object) -> list[Mapping[str, Any]]:
    """The rows that have these values."""
    return [row for row in rows if all(row.get(name) == value for name, value in values.items())]


def table(results: Mapping[str, Any]) -> list[str]:
    """All that was measured, with the goals, in Markdown."""
    load, batches, rounds = results["load"], results["batches"], 1 + max(row["round"] for row in results["load"])
    lines = [f"Mean ± deviation of {rounds} rounds; latency in milliseconds.", ""]
    lines += [
        "| Service | Connections | Requests/s | p50 | p95 | p99 | Ours is faster by |",
        "|---|---|---|---|---|---|---|",
    ]
    for connections in CONNECTIONS:
        ours = chosen(load, service=RIVALS[0].name, connections=connections)
        for rival in RIVALS:
            rows = chosen(load, service=rival.name, connections=connections)
            rates = [row["requests_per_second"] for row in rows]
            ratios = [own["requests_per_second"] / rate for own, rate in zip(ours, rates, strict=True)]
            deviation = statistics.stdev(rates) if rounds > 1 else 0
            quantiles = " | ".join(f"{mean(rows, name):.1f}" for name in ("p50", "p95", "p99"))
            goal = LEAST_RATIO.get(rival.name)
            verdict = f"{statistics.mean(ratios):.1f} (lowest {min(ratios):.1f}, goal {goal:g})" if goal else ""
            rate = f"{statistics.mean(rates):,.0f} ± {deviation:,.0f}"
            lines.append(f"| {rival.name} | {connections} | {rate} | {quantiles} | {verdict} |")
    lines += ["", "| Images in a question | " + " | ".join(f"{rival.name}, p50" for rival in RIVALS if rival.many_body)]
    lines[-1] += " |"
    lines += ["|---|---|---|"]
    for size in BATCHES:
        cells = [mean(chosen(batches, service=r.name, images=size), "p50") for r in RIVALS if r.many_body]
        lines.append(f"| {size} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")
    first, last = results["memory"][0], results["memory"][-1]
    growth = (last["memory_bytes"] - first["memory_bytes"]) / 1e6
    return [
        *lines,
        "",
        f"Memory of the service: {first['memory_bytes'] / 1e6:.0f} MB, {growth:+.1f} MB after {last['requests']:,} "
        f"requests (goal: below {MOST_GROWTH / 1e6:g} MB).",
    ]


def draw(results: Mapping[str, Any]) -> go.Figure:
    """Requests a second and latency against connections, latency against images in a question, memory."""
    titles = ("Requests a second", "99 % of the requests took at most", "A question of several images", "Memory")
    figure = make_subplots(rows=2, cols=2, subplot_titles=titles, horizontal_spacing=0.12, vertical_spacing=0.16)
    load, batches = results["load"], results["batches"]
    for rival, color in zip(RIVALS, TEMPLATE.layout.colorway, strict=False):
        style = {"name": rival.name, "legendgroup": rival.name, "marker": {"color": color}, "line": {"color": color}}
        for column, key in ((1, "requests_per_second"), (2, "p99")):
            values = [mean(chosen(load, service=rival.name, connections=number), key) for number in CONNECTIONS]
            figure.add_scatter(x=CONNECTIONS, y=values, showlegend=column == 1, row=1, col=column, **style)
        if rival.many_body:
            values = [mean(chosen(batches, service=rival.name, images=size), "p50") for size in BATCHES]
            figure.add_scatter(x=BATCHES, y=values, showlegend=False, row=2, col=1, **style)
    rows = results["memory"]
    ours = TEMPLATE.layout.colorway[0]
    figure.add_scatter(
        x=[row["requests"] for row in rows], y=[row["memory_bytes"] / 1e6 for row in rows], showlegend=False,
        marker={"color": ours}, line={"color": ours}, row=2, col=2,
    )  # fmt: skip
    for row, column, ticks, title in ((1, 1, CONNECTIONS, "connections"), (1, 2, CONNECTIONS, "connections"), (2, 1, BATCHES, "images")):  # fmt: skip  # noqa: E501
        figure.update_xaxes(type="log", tickvals=ticks, title_text=title, row=row, col=column)
    figure.update_yaxes(type="log", title_text="milliseconds", row=1, col=2)
    figure.update_yaxes(type="log", title_text="milliseconds", row=2, col=1)
    figure.update_yaxes(rangemode="tozero", row=1, col=1)
    figure.update_yaxes(rangemode="tozero", title_text="MB", row=2, col=2)
    figure.update_xaxes(title_text="requests answered", row=2, col=2)
    figure.update_layout(template=TEMPLATE, title="What the service bears", height=760)
    widths = "-".join(map(str, results["widths"]))
    rounds = 1 + max(row["round"] for row in load)
    processor = results["hardware"]["processor"]
    return stamp(
        figure, f"network {widths} · one worker, one thread · n = {rounds} · {processor}, load on the same machine"
    )


if __name__ == "__main__":
    main()
