"""Making and measuring compressed networks, and choosing one of them."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mnist_growth import compression, figures
from mnist_growth.compression import Candidate, CandidateStore, CompressConfig, FineTuner
from mnist_growth.compression.latency import fastest_backend
from mnist_growth.digits import Digits, Split, WarpConfig
from mnist_growth.growth import GrowthConfig
from mnist_growth.machine import DeviceName, MemoryConfig, Threads, vector_instructions
from mnist_growth.network import NetworkConfig, TrainedNetwork, accuracy_of
from mnist_growth.training import Machine, TerminalMonitor, TrainingConfig, growth_table

logger = logging.getLogger(__name__)

SOURCE = "source"
"""Name of the row of the network that is compressed."""


def make_candidates(
    trained: TrainedNetwork,
    train_digits: Digits,
    split: Split,
    config: CompressConfig,
    network: NetworkConfig,
    growth: GrowthConfig,
    training: TrainingConfig,
    warps: WarpConfig,
    device: DeviceName,
    threads: Threads,
    memory: MemoryConfig,
    store: CandidateStore,
) -> list[Candidate]:
    """Return one candidate for each recipe; those that the store has are not made again.

    Raises:
        ValueError: The network is already compressed, or of a kind that a step of a recipe cannot be done with.
    """
    compression.check_compressible(trained, split, config.variants)
    machine = Machine(device, threads, memory.budget_fraction)
    teachers = compression.load_teachers(config.teachers, trained)
    fine_tuner = FineTuner(
        train_digits, split, network, growth, training, warps, config, machine, TerminalMonitor(), teachers
    )
    keys = {recipe: compression.candidate_key(recipe, trained, fine_tuner) for recipe in config.variants}
    candidates = []
    for recipe, key in keys.items():
        found = store.find(key)
        if found is None:
            logger.info("Making the candidate %s", recipe.name)
            found = compression.make_candidate(recipe, trained, fine_tuner).trained
            store.save(key, found)
        candidates.append(Candidate(recipe, found))
    store.keep(keys.values())
    return candidates


def measure_candidates(
    trained: TrainedNetwork,
    candidates: Sequence[Candidate],
    train_digits: Digits,
    split: Split,
    test_digits: Digits,
    config: CompressConfig,
) -> pd.DataFrame:
    """Return the table of the source network and the candidates; see ``compression_row``."""
    logger.info("The processor has instructions for: %s", ", ".join(vector_instructions()) or "float32 alone")
    validation = np.asarray(train_digits.images[split.validation]), train_digits.labels[split.validation]
    networks = [(SOURCE, trained), *((candidate.recipe.name, candidate.trained) for candidate in candidates)]
    return pd.DataFrame(
        compression.compression_row(
            name,
            network,
            validation_accuracy=accuracy_of(network.network, *validation),
            accuracy=accuracy_of(network.network, test_digits.images, test_digits.labels),
            latency=fastest_backend(network, np.array(test_digits.images[:1]), config.latency_calls),
        )
        for name, network in networks
    )


def choose_network(table: pd.DataFrame, candidates: Sequence[Candidate], config: CompressConfig) -> TrainedNetwork:
    """Return the candidate that meets the constraints.

    Raises:
        ValueError: None does.
    """
    source, rest = table.iloc[0], table.iloc[1:]
    name = compression.choose(rest, float(source["validation_accuracy"]), config)
    chosen = rest[rest["name"] == name].iloc[0]
    logger.info(
        "Chosen: %s, %s bytes (1/%.1f of the source network), validation accuracy %.2f %% (source %.2f %%)",
        name,
        f"{chosen['bytes']:,}",
        source["bytes"] / chosen["bytes"],
        100 * chosen["validation_accuracy"],
        100 * source["validation_accuracy"],
    )
    return next(candidate.trained for candidate in candidates if candidate.recipe.name == name)


def growth_of(compressed: TrainedNetwork) -> pd.DataFrame:  # noqa: ARG001
    """Return the growth events of a compressed network: none, as its units are not those of the source network."""
    return growth_table([], [])


def draw_compression(table: pd.DataFrame, provenance: str) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Return the figures of the accuracy against size, latency and multiply-adds."""
    size, latency, operations = (
        figures.stamp(figures.compression(table, cost), provenance)
        for cost in ("bytes", "latency_milliseconds", "multiply_adds")
    )
    return size, latency, operations


def collect_metrics(table: pd.DataFrame, compressed: TrainedNetwork, config: CompressConfig) -> dict[str, Any]:
    """Return the rows of the table by name, the chosen network and the constraints, as values that JSON can hold."""
    return {
        "networks": {row["name"]: row for row in table.drop(columns="widths").to_dict("records")},
        "compressed_sha256": compressed.sha256,
        "constraints": {name: getattr(config, name) for name in ("max_bytes", "max_milliseconds", "max_accuracy_loss")},
    }
