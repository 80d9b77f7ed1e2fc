"""The tables and the figure of the load benchmark."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from benchmarks.common.tables import machine_line, markdown, mean_and_deviation
from benchmarks.serving.services import LITSERVE, MLFLOW, OURS
from mnist_growth.figures import stamp
from mnist_growth.figures.theme import TEMPLATE

MIN_RATIO = {MLFLOW.name: 4.0, LITSERVE.name: 2.5}  # goals: our requests per second / those of the service
MAX_GROWTH = 20e6  # bytes; goal for the growth of memory

Row = Mapping[str, Any]


def tables(results: Mapping[str, Any]) -> str:
    """Format everything that was measured, with the goals."""
    return "\n\n".join(
        [
            f"Mean ± standard deviation of {rounds(results)} rounds; latencies in milliseconds.",
            load_table(results),
            *ratio_lines(results),
            batch_table(results),
            memory_line(results),
            monitoring_line(results),
            machine_line(results),
        ]
    )


def load_table(results: Mapping[str, Any]) -> str:
    """Format requests per second, latencies and our ratio for each service and number of connections."""
    rows = []
    for connections in values(results["connections"], "connections"):
        for service in values(results["connections"], "service"):
            found = chosen(results["connections"], service=service, connections=connections)
            rates = [row["requests_per_second"] for row in found]
            goal, times = MIN_RATIO.get(service), ratios(results, service, connections)
            verdict = f"{statistics.mean(times):.1f}, {min(times):.1f}, {goal:g}" if goal else ""
            latencies = [f"{mean(found, name):.1f}" for name in ("p50", "p95", "p99")]
            rows.append((service, connections, mean_and_deviation(rates, 0), *latencies, verdict))
    last = f"Ratio, lowest of {rounds(results)}, goal"
    return markdown(("Service", "Connections", "Requests/s", "p50", "p95", "p99", last), rows)


def ratio_lines(results: Mapping[str, Any]) -> list[str]:
    """Say how many times as many requests as each other service ours answers; none without other services."""
    others = [name for name in values(results["connections"], "service") if name != OURS.name]
    ranges = []
    for name in others:
        means = [
            statistics.mean(ratios(results, name, connections))
            for connections in values(results["connections"], "connections")
        ]
        ranges.append(f"{min(means):.0f} to {max(means):.0f} times as many as {name}")
    widths = "-".join(map(str, results["widths"]))
    return [f"In the mean, mnist-growth answers {' and '.join(ranges)}, with a network of {widths}."] if others else []


def ratios(results: Mapping[str, Any], service: str, connections: int) -> list[float]:
    """Return our requests per second divided by those of a service in the same round, for each round."""
    ours, found = (
        chosen(results["connections"], service=name, connections=connections) for name in (OURS.name, service)
    )
    return [own["requests_per_second"] / other["requests_per_second"] for own, other in zip(ours, found, strict=True)]


def batch_table(results: Mapping[str, Any]) -> str:
    """Format the latency of requests with several images."""
    services = values(results["batches"], "service")
    rows = [
        (size, *(f"{mean(chosen(results['batches'], service=name, images=size), 'p50'):.1f}" for name in services))
        for size in values(results["batches"], "images")
    ]
    return markdown(("Images in a request", *(f"{name}, p50" for name in services)), rows)


def memory_line(results: Mapping[str, Any]) -> str:
    """Describe the growth of our memory."""
    first, last = results["memory"][0], results["memory"][-1]
    growth = (last["memory_bytes"] - first["memory_bytes"]) / 1e6
    return (
        f"Memory of our service: {first['memory_bytes'] / 1e6:.0f} MB, {growth:+.1f} MB after {last['requests']:,} "
        f"requests (goal: below {MAX_GROWTH / 1e6:g} MB)."
    )


def monitoring_line(results: Mapping[str, Any]) -> str:
    """Say whether our service watched for drift; older results were measured without."""
    return f"Drift watching of our service: {'on' if results.get('drift_watching') else 'off'}."


def rounds(results: Mapping[str, Any]) -> int:
    """Return the number of rounds."""
    return 1 + max(int(row["round"]) for row in results["connections"])


def mean(rows: Iterable[Row], key: str) -> float:
    """Return the mean of one column."""
    return float(statistics.mean(row[key] for row in rows))


def chosen(rows: Sequence[Row], **wanted: object) -> list[Row]:
    """Return the rows that have these values."""
    return [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]


def values(rows: Sequence[Row], key: str) -> list[Any]:
    """Return the different values of one column, in their order."""
    return list(dict.fromkeys(row[key] for row in rows))


def draw(results: Mapping[str, Any]) -> go.Figure:
    """Draw requests per second and latency against connections, latency against images per request, and memory."""
    titles = ("Requests per second", "99th percentile of the latency", "Requests with several images", "Memory")
    figure = make_subplots(rows=2, cols=2, subplot_titles=titles, horizontal_spacing=0.12, vertical_spacing=0.16)
    load, batches = results["connections"], results["batches"]
    numbers, sizes = values(load, "connections"), values(batches, "images")
    for service, color in zip(values(load, "service"), TEMPLATE.layout.colorway, strict=False):
        style = {"name": service, "legendgroup": service, "marker": {"color": color}, "line": {"color": color}}
        for column, key in ((1, "requests_per_second"), (2, "p99")):
            y = [mean(chosen(load, service=service, connections=number), key) for number in numbers]
            figure.add_scatter(x=numbers, y=y, showlegend=column == 1, row=1, col=column, **style)
        if chosen(batches, service=service):
            y = [mean(chosen(batches, service=service, images=size), "p50") for size in sizes]
            figure.add_scatter(x=sizes, y=y, showlegend=False, row=2, col=1, **style)
    rows = results["memory"]
    ours = TEMPLATE.layout.colorway[0]
    figure.add_scatter(
        x=[row["requests"] for row in rows], y=[row["memory_bytes"] / 1e6 for row in rows], showlegend=False,
        marker={"color": ours}, line={"color": ours}, row=2, col=2,
    )  # fmt: skip
    for row, column, ticks, title in (
        (1, 1, numbers, "connections"),
        (1, 2, numbers, "connections"),
        (2, 1, sizes, "images"),
    ):
        figure.update_xaxes(type="log", tickvals=ticks, title_text=title, row=row, col=column)
    figure.update_yaxes(type="log", title_text="milliseconds", row=1, col=2)
    figure.update_yaxes(type="log", title_text="milliseconds", row=2, col=1)
    figure.update_yaxes(rangemode="tozero", row=1, col=1)
    figure.update_yaxes(rangemode="tozero", title_text="MB", row=2, col=2)
    figure.update_xaxes(title_text="requests answered", row=2, col=2)
    figure.update_layout(template=TEMPLATE, title="Capacity of the service", height=760)
    widths = "-".join(map(str, results["widths"]))
    return stamp(
        figure,
        f"network {widths} · one worker, one thread · n = {rounds(results)} · {results['hardware']['processor']}, "
        "load on the same machine",
    )
