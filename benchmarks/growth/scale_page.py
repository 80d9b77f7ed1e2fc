"""Write the tables of docs/scale.md: `python -m benchmarks.growth.scale_page`."""

import statistics

from benchmarks.common.pages import with_block
from benchmarks.common.paths import PROJECT
from benchmarks.common.tables import markdown
from benchmarks.growth.scale import (
    GRADIENT_BYTES,
    STATE_BYTES,
    Cluster,
    Gpu,
    Link,
    Plan,
    Update,
    all_reduce_bytes,
    best_plan,
    data_parallel,
    images_to_hide,
    parameters,
    sharded,
)

PAGE = PROJECT / "docs" / "scale.md"
WIDTHS = (512, 1_024, 2_048, 4_096, 8_192, 16_384)
GPUS = (1, 8, 64, 512, 1_000)
IMAGES = 512  # per GPU
BATCHES = (512, 4_096, 16_384)  # images of all GPUs together
MOST = 1_024  # GPUs

REACHED = 0.8  # share of the bandwidth of a link that an all-reduce reaches
H100 = Gpu(rate=0.5 * 989e12, fixed_seconds=267e-6, memory_bandwidth=3.35e12)
NVLINK = Link(REACHED * 450e9, 3e-6)
CLUSTERS = (
    Cluster("InfiniBand", H100, NVLINK, Link(REACHED * 400e9 / 8, 10e-6)),  # 400 Gb/s for each GPU
    Cluster("Ethernet", H100, NVLINK, Link(REACHED * 100e9 / 8 / 8, 30e-6)),  # 100 Gb/s for a machine of eight GPUs
)


def main() -> None:
    """Write the tables."""
    page = PAGE.read_text("utf-8")
    for mark, text in blocks().items():
        page = with_block(page, mark, text)
    PAGE.write_text(page, "utf-8")


def blocks() -> dict[str, str]:
    """Return the tables by their marks."""
    return {
        "<!-- bytes -->": bytes_table(),
        "<!-- waiting -->": waiting_table(),
        "<!-- images -->": images_table(),
        "<!-- kinds -->": kinds_table(),
        "<!-- choice -->": choice_table(),
        "<!-- growing -->": growing_table(),
    }


def bytes_table() -> str:
    """Format what each GPU sends and keeps, by width."""
    rows = []
    for width in WIDTHS:
        count = parameters(width)
        gradients = count * GRADIENT_BYTES
        sent = [_bytes(all_reduce_bytes(gradients, gpus)) for gpus in (2, 8, 1_000)]
        rows.append((f"{width:,}", f"{count / 1e6:,.1f} M", *sent, _bytes(count * STATE_BYTES)))
    return markdown(("width", "parameters", "2 GPUs", "8 GPUs", "1,000 GPUs", "memory of the training state"), rows)


def waiting_table() -> str:
    """Format the efficiency of a fixed number of images per GPU."""
    rows = []
    for width in WIDTHS:
        updates = [data_parallel(width, gpus, IMAGES, cluster) for cluster in CLUSTERS for gpus in GPUS[1:]]
        alone = data_parallel(width, 1, IMAGES, CLUSTERS[0])
        rows.append((f"{width:,}", _milliseconds(alone.seconds), *(f"{_efficiency(update):.0%}" for update in updates)))
    header = [f"{gpus:,} GPUs, {cluster.name}" for cluster in CLUSTERS for gpus in GPUS[1:]]
    return markdown(("width", "1 GPU, ms", *header), rows)


def images_table() -> str:
    """Format from how many images per GPU on communication takes less time than computing."""
    cases = [(CLUSTERS[0], 8), *((cluster, gpus) for cluster in CLUSTERS for gpus in GPUS[2:])]
    rows = [
        (f"{width:,}", *(f"{images_to_hide(width, gpus, cluster):,}" for cluster, gpus in cases)) for width in WIDTHS
    ]
    names = [f"{gpus:,} GPUs" if gpus == 8 else f"{gpus:,} GPUs, {cluster.name}" for cluster, gpus in cases]
    return markdown(("width", *names), rows)


def kinds_table() -> str:
    """Format the bytes of data-parallel and of sharded updates of the same batches."""
    rows = []
    for width in WIDTHS:
        sent = [_bytes(sharded(width, 8, batch, CLUSTERS[0]).sent) for batch in BATCHES]
        rows.append((f"{width:,}", _bytes(all_reduce_bytes(parameters(width) * GRADIENT_BYTES, 8)), *sent))
    return markdown(("width", "data-parallel, any batch", *(f"sharded, batch of {batch:,}" for batch in BATCHES)), rows)


def choice_table() -> str:
    """Format the way to compute an update that takes the shortest time, by width and batch."""
    rows = []
    for width in WIDTHS:
        row = [f"{width:,}"]
        for batch in BATCHES:
            plan = best_plan(width, batch, CLUSTERS[0], MOST)
            alone = data_parallel(width, 1, batch, CLUSTERS[0])
            row += [_described(plan), f"{alone.seconds / plan.update.seconds:.1f}"]
        rows.append(row)
    header = [f"{what}batch of {batch:,}" for batch in BATCHES for what in ("", "speed-up, ")]
    return markdown(("width", *header), rows)


def growing_table() -> str:
    """Format a training that doubles its width five times, and one that has the largest width from the start."""
    rows = []
    for batch in BATCHES:
        for name, widths in (("fixed", [WIDTHS[-1]] * len(WIDTHS)), ("growing", list(WIDTHS))):
            plans = [best_plan(width, batch, CLUSTERS[0], MOST) for width in widths]
            seconds = statistics.mean(plan.update.seconds for plan in plans)
            busy = statistics.mean(plan.update.seconds * plan.gpus for plan in plans)
            sent = statistics.mean(plan.update.sent * plan.gpus for plan in plans)
            row = (f"{batch:,}", name, _milliseconds(seconds), _milliseconds(busy), _bytes(sent))
            rows.append(row)
    return markdown(("batch", "training", "ms per update", "GPU-ms per update", "sent by all GPUs"), rows)


def _described(plan: Plan) -> str:
    return "1 GPU" if plan.gpus == 1 else f"{plan.gpus:,} GPUs, {plan.kind}"


def _efficiency(update: Update) -> float:
    return update.compute / update.seconds


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.2f}"


def _bytes(count: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count / 1e3:,.1f} kB"


if __name__ == "__main__":
    main()
