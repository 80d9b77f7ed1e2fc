"""The simulator of docs/scale.md: known limits, and the tables of the page."""

import dataclasses
import math

import pytest

from benchmarks.common.pages import block
from benchmarks.growth.scale import (
    GRADIENT_BYTES,
    Cluster,
    Gpu,
    Link,
    all_reduce_bytes,
    all_reduce_seconds,
    best_plan,
    data_parallel,
    images_to_hide,
    parameters,
    sharded,
)
from benchmarks.growth.scale_page import CLUSTERS, PAGE, blocks
from mnist_growth.network import GrowingMLP

GPU = Gpu(rate=1e12, fixed_seconds=3e-3, memory_bandwidth=math.inf)
INSTANT = Link(1e18, 0.0)
SLOW = Link(1e9, 1e-3)


def cluster(inside=INSTANT, between=INSTANT) -> Cluster:
    return Cluster("test", GPU, inside, between)


def test_the_parameters_are_those_of_the_network():
    network = GrowingMLP((48, 48, 48))
    assert parameters(48) == sum(tensor.numel() for tensor in network.parameters())


def test_one_gpu_sends_nothing_and_two_send_the_gradients_once():
    assert all_reduce_bytes(100, 1) == 0
    assert all_reduce_bytes(100, 2) == 100
    assert all_reduce_bytes(100, 1_000) == pytest.approx(199.8)


def test_a_large_message_takes_its_bytes_and_a_small_one_the_latency_of_trees():
    assert all_reduce_seconds(8e9, 8, cluster(inside=SLOW)) == pytest.approx(14.0, rel=0.01)
    # 1,024 machines of eight GPUs: ten levels of a tree, up and down
    assert all_reduce_seconds(8, 8 * 1_024, cluster(between=SLOW)) == pytest.approx(20e-3, rel=0.01)


def test_each_gpu_sends_its_share_between_machines():
    seconds = all_reduce_seconds(8e9, 16, cluster(between=SLOW))
    assert seconds == pytest.approx(1.0, rel=0.01)  # an eighth of the bytes, between two machines


def test_computing_counts_the_products_of_a_training_step():
    width, images = 64, 1_000
    update = data_parallel(width, 1, images, cluster())
    products = 784 * 64 + 2 * 64 * 64 + 64 * 10
    operations = 2 * images * (3 * products - 784 * 64)  # no gradient of the pixels
    assert update.compute - GPU.fixed_seconds == pytest.approx(operations / GPU.rate, rel=0.02)
    assert (update.exposed, update.sent) == (0, 0)
    slow = Cluster("slow", dataclasses.replace(GPU, memory_bandwidth=1e6), INSTANT, INSTANT)
    optimizer = data_parallel(width, 1, images, slow).compute - update.compute
    assert optimizer == pytest.approx(parameters(width) * 9 * 4 / 1e6)  # nine values of each parameter


def test_gradients_overlap_the_backward_pass_except_those_of_the_first_layer():
    width, images = 1_024, 100_000
    update = data_parallel(width, 16, images, cluster(between=Link(1e9, 0.0)))
    first = all_reduce_seconds(786 * width * GRADIENT_BYTES, 16, cluster(between=Link(1e9, 0.0)))
    assert update.exposed == pytest.approx(first)
    assert update.communication > 2 * first
    no_work = data_parallel(width, 16, 0, Cluster("idle", dataclasses.replace(GPU, fixed_seconds=0), INSTANT, SLOW))
    assert no_work.exposed == pytest.approx(no_work.communication)


def test_sharding_sends_fewer_bytes_from_twice_as_wide_as_the_batch_is_large():
    """2 all-reduces of B x h bfloat16 values against 2 h^2 float32 gradients: equal at h = B / 2, without the rest."""
    for width, fewer in ((16_384, True), (2_048, False)):
        gradients = data_parallel(width, 8, 1_024, CLUSTERS[0]).sent
        assert (sharded(width, 8, 8_192, CLUSTERS[0]).sent < gradients) == fewer


def test_sharded_products_are_shared_out():
    alone = data_parallel(2_048, 1, 1_000, cluster()).compute - GPU.fixed_seconds
    update = sharded(2_048, 4, 1_000, cluster())
    assert update.compute - GPU.fixed_seconds == pytest.approx(alone / 4)


def test_images_hide_communication_from_the_returned_number_on():
    for name in CLUSTERS:
        images = images_to_hide(4_096, 64, name)
        enough, fewer = (data_parallel(4_096, 64, count, name) for count in (images, images // 2))
        assert enough.communication <= enough.compute
        assert fewer.communication > fewer.compute


def test_the_best_plan_has_the_fewest_gpus_of_those_that_are_nearly_as_fast():
    plan = best_plan(16_384, 16_384, CLUSTERS[0], 1_024)
    shortest = min(
        [data_parallel(16_384, 2**power, 16_384 / 2**power, CLUSTERS[0]).seconds for power in range(11)]
        + [sharded(16_384, 2**power, 16_384, CLUSTERS[0]).seconds for power in range(11)]
    )
    assert shortest <= plan.update.seconds <= 1.1 * shortest
    fewer = [data_parallel(16_384, plan.gpus // 2, 32_768 / plan.gpus, CLUSTERS[0])]
    fewer.append(sharded(16_384, plan.gpus // 2, 16_384, CLUSTERS[0]))
    assert all(update.seconds > 1.1 * shortest for update in fewer)
    assert best_plan(16, 8, cluster(SLOW, SLOW), 1_024).gpus == 1
    assert math.log2(plan.gpus).is_integer()


def test_the_page_has_the_tables_of_the_simulator():
    page = PAGE.read_text("utf-8")
    for mark, table in blocks().items():
        assert block(page, mark) == table, "run python -m benchmarks.growth.scale_page"
