"""Simulation of one update on 1 to 1,000 GPUs: bytes exchanged, overlap with the backward pass, and time.

The network is a perceptron with three equal hidden layers, the GPUs are machines of eight. All times are in seconds,
amounts in bytes and rates in bytes or operations per second.
"""

import math
from dataclasses import dataclass

PIXELS, CLASSES, HIDDEN_LAYERS = 784, 10, 3
GRADIENT_BYTES = 4  # float32
ACTIVATION_BYTES = 2  # bfloat16
OPTIMIZER_BYTES = 36  # per parameter: the gradient is read; weight, moments and average are read and written
STATE_BYTES = 20  # per parameter, float32: weight, gradient, two moments of AdamW, averaged weight
GPUS_PER_MACHINE = 8
NEARLY = 0.1  # share of its time by which an update may be longer than the shortest one


@dataclass(frozen=True)
class Gpu:
    """A GPU.

    Attributes:
        rate: Floating-point operations per second that large products reach.
        fixed_seconds: Duration of an update of a network so small that only the number of kernels counts.
        memory_bandwidth: Bytes per second that are read or written.
    """

    rate: float
    fixed_seconds: float
    memory_bandwidth: float


@dataclass(frozen=True)
class Link:
    """A connection of a GPU.

    Attributes:
        bandwidth: Bytes per second and direction that an all-reduce reaches.
        latency: Seconds per message.
    """

    bandwidth: float
    latency: float


@dataclass(frozen=True)
class Cluster:
    """GPUs in machines.

    Attributes:
        name: Name in tables.
        gpu: Each of the GPUs.
        inside: Connection of a GPU with those of its machine.
        between: Share of a GPU in the connection of its machine with the others.
    """

    name: str
    gpu: Gpu
    inside: Link
    between: Link


@dataclass(frozen=True)
class Update:
    """An update.

    Attributes:
        compute: Seconds of forward and backward pass and optimizer.
        communication: Seconds of all all-reduces together.
        exposed: Seconds of them that do not overlap the backward pass.
        sent: Bytes that each GPU sends.
    """

    compute: float
    communication: float
    exposed: float
    sent: float

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.compute + self.exposed


@dataclass(frozen=True)
class Plan:
    """A way to compute updates.

    Attributes:
        kind: "data-parallel" or "sharded".
        gpus: Number of GPUs.
        update: What an update takes.
    """

    kind: str
    gpus: int
    update: Update


def layer_parameters(width: int) -> tuple[int, ...]:
    """Return the number of parameters of each layer; a hidden layer has batch norm instead of a bias."""
    hidden = (PIXELS, *[width] * HIDDEN_LAYERS)
    return (*((fan_in + 2) * width for fan_in in hidden[:-1]), (width + 1) * CLASSES)


def parameters(width: int) -> int:
    """Return the number of trainable parameters."""
    return sum(layer_parameters(width))


def all_reduce_bytes(size: float, gpus: int) -> float:
    """Return the bytes that each GPU sends in an all-reduce, which no algorithm can undercut (Patarasuk, Yuan 2009)."""
    return 2 * (gpus - 1) / gpus * size


def all_reduce_seconds(size: float, gpus: int, cluster: Cluster) -> float:
    """Return the duration of an all-reduce inside each machine and, of each GPU's share, between machines."""
    local = min(gpus, GPUS_PER_MACHINE)
    machines = -(-gpus // GPUS_PER_MACHINE)
    inside = _one_level(size, local, cluster.inside)
    return inside + (_one_level(size / local, machines, cluster.between) if machines > 1 else 0.0)


def data_parallel(width: int, gpus: int, images: float, cluster: Cluster) -> Update:
    """Simulate an update with all gradients averaged over all GPUs.

    The gradients of a layer are sent as soon as its backward pass is done, one layer after the other, the last first.

    Args:
        width: Neurons per hidden layer.
        gpus: Number of GPUs.
        images: Images per GPU.
        cluster: Where it runs.
    """
    layers = layer_parameters(width)
    products = sum(layers)
    fixed = cluster.gpu.fixed_seconds / 3  # forward pass, backward pass, optimizer
    optimizer = fixed + products * OPTIMIZER_BYTES / cluster.gpu.memory_bandwidth
    forward = fixed + 2 * products * images / cluster.gpu.rate
    backward_work = [
        count * (1 if index == 0 else 2) for index, count in enumerate(layers)
    ]  # no gradient of the pixels
    clock = sent_until = communication = 0.0
    for work, count in zip(reversed(backward_work), reversed(layers), strict=True):
        clock += fixed / len(layers) + 2 * work * images / cluster.gpu.rate
        duration = all_reduce_seconds(count * GRADIENT_BYTES, gpus, cluster) if gpus > 1 else 0.0
        sent_until = max(clock, sent_until) + duration
        communication += duration
    exposed = max(0.0, sent_until - clock)
    return Update(
        forward + clock + optimizer, communication, exposed, all_reduce_bytes(products * GRADIENT_BYTES, gpus)
    )


def sharded(width: int, gpus: int, images: float, cluster: Cluster) -> Update:
    """Simulate an update with the units of each layer shared out; every GPU sees all images.

    The first and third layer are split by units, the second and fourth by inputs, so that only the sums of the second
    and fourth layer, and the gradient of the third layer's input, are all-reduced (Shoeybi and others, 2019). The next
    layer waits for them: nothing overlaps.

    Args:
        width: Neurons per hidden layer.
        gpus: Number of GPUs.
        images: Images of the whole batch.
        cluster: Where it runs.
    """
    alone = data_parallel(width, 1, images, cluster).compute
    compute = cluster.gpu.fixed_seconds + (alone - cluster.gpu.fixed_seconds) / gpus
    sizes = [images * units * ACTIVATION_BYTES for units in (width, CLASSES, width)]
    communication = sum(all_reduce_seconds(size, gpus, cluster) for size in sizes)
    return Update(compute, communication, communication, all_reduce_bytes(sum(sizes), gpus))


def images_to_hide(width: int, gpus: int, cluster: Cluster) -> int:
    """Return the smallest power of two of images per GPU from which communication takes less than computing."""
    images = 1
    while (update := data_parallel(width, gpus, images, cluster)).communication > update.compute:
        images *= 2
    return images


def best_plan(width: int, batch: int, cluster: Cluster, most: int) -> Plan:
    """Return the way to compute a batch with the fewest GPUs, a power of two, that is nearly as fast as the fastest."""
    counts = [2**power for power in range(int(math.log2(most)) + 1)]
    plans = [Plan("data-parallel", gpus, data_parallel(width, gpus, batch / gpus, cluster)) for gpus in counts]
    plans += [Plan("sharded", gpus, sharded(width, gpus, batch, cluster)) for gpus in counts[1:]]
    shortest = min(plan.update.seconds for plan in plans)
    good = [plan for plan in plans if plan.update.seconds <= (1 + NEARLY) * shortest]
    return min(good, key=lambda plan: (plan.gpus, plan.update.seconds))


def _one_level(size: float, members: int, link: Link) -> float:
    """Return the duration of an all-reduce in one level: the shorter one of a ring and of double binary trees."""
    if members == 1:
        return 0.0
    ring = 2 * (members - 1) * link.latency + all_reduce_bytes(size, members) / link.bandwidth
    tree = 2 * math.ceil(math.log2(members)) * link.latency + 2 * size / link.bandwidth
    return min(ring, tree)
