"""What every study starts from."""

from typing import Any

from kedro.pipeline import Node

from mnist_growth import figures
from mnist_growth.digits import Digits, PixelStatistics, Split, WarpConfig, requested_dataset
from mnist_growth.growth import GrowthConfig
from mnist_growth.machine import DeviceName, MemoryConfig, Threads
from mnist_growth.network import NetworkConfig
from mnist_growth.studies import Recipe, StudyData
from mnist_growth.training import Machine, TrainingConfig


def collect_digits(train: Digits, test: Digits, split: Split, pixels: PixelStatistics) -> StudyData:
    """Return the digits of a study."""
    return StudyData(train, test, split, pixels)


def collect_recipe(network: NetworkConfig, growth: GrowthConfig, training: TrainingConfig, warps: WarpConfig) -> Recipe:
    """Return the parameters of a training that a study can change."""
    return Recipe(network, growth, training, warps)


def collect_machine(device: DeviceName, threads: Threads, memory: MemoryConfig) -> Machine:
    """Return what a study runs on."""
    return Machine(device, threads, memory.budget_fraction)


def describe_digits(data: StudyData, manifest: dict[str, Any]) -> str:
    """Return the name of the digits of a study for the subtitles of its figures."""
    name = data.train.dataset
    return figures.describe_dataset(name, requested_dataset(name, manifest))


STUDY_INPUTS = (
    Node(
        collect_digits,
        inputs=["train_digits", "test_digits", "split", "pixel_statistics"],
        outputs="study_data",
        name="collect_digits",
    ),
    Node(
        collect_recipe,
        inputs=["params:network", "params:growth", "params:training", "params:warps"],
        outputs="recipe",
        name="collect_recipe",
    ),
    Node(
        collect_machine,
        inputs=["params:device", "params:threads", "params:memory"],
        outputs="machine",
        name="collect_machine",
    ),
)
"""Nodes of the pipeline of every study."""
