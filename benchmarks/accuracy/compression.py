"""Measure what compression costs in accuracy, and what it saves: every recipe, on several networks.

Makes the candidates of `compress.variants` from networks of a project, with the digits and the split of their training,
and measures them on the test digits. With `--alone` it also trains two networks without a teacher: one like that of the
recipe `distilled_128` for as many epochs, and one as wide as that of the recipe `half` for as many epochs as the source
network and the recipe together. Prints a table, and writes compression.json and the table of the guide. Finished
candidates stay in the project and are not made again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kedro.io import Version

from benchmarks.common.artifacts import NETWORK, versions
from benchmarks.common.base_parameters import from_base
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.pages import with_block
from benchmarks.common.paths import PROJECT
from benchmarks.common.results import read_results, write_results
from benchmarks.common.tables import machine_line, markdown, mean_and_deviation
from mnist_growth import compression
from mnist_growth.compression import CandidateStore, CompressConfig, FineTuner, Recipe
from mnist_growth.compression.fine_tuning import Rates
from mnist_growth.compression.latency import eager, fastest_backend, latencies
from mnist_growth.datasets import DigitsDataset, SplitDataset
from mnist_growth.digits import Digits, Split, WarpConfig
from mnist_growth.growth import GrowthConfig
from mnist_growth.network import MLPSpec, NetworkConfig, TrainedNetwork, accuracy_of, build, load_network
from mnist_growth.training import Machine, Monitors, TrainingConfig, split_fingerprint

NAME = "compression"
PAGE = PROJECT / "docs" / "guides" / "compress.md"
MARK = "<!-- compression -->"
SOURCE = "source"
GOALS: Mapping[str, tuple[str, float]] = {
    "int8": ("lost", 0.02),
    "int4": ("lost", 0.05),
    "int2": ("lost", 0.3),
    "sparse_90": ("lost", 0.03),
    "sparse_95": ("lost", 0.1),
    "half": ("lost", 0.05),
    "smallest": ("bytes", 60_000),
}
"""Largest loss of test accuracy in percentage points, or largest size, by recipe."""


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "one epoch of each step")
    options_parser.add_argument("--project", type=Path, default=PROJECT, help="folder of the project with the networks")
    options_parser.add_argument("--networks", nargs="+", metavar="VERSION", help="the newest one without it")
    options_parser.add_argument("--recipes", nargs="+", metavar="NAME", help="all of compress.variants without it")
    options_parser.add_argument("--alone", action="store_true", help="also train the networks without a teacher")
    options_parser.add_argument("--threads", type=int, help="number of computing threads")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    files = {path.parent.name: path for path in versions(NETWORK, options.project)}
    networks = {}
    for seed, version in enumerate(options.networks or [max(files)]):
        networks[version] = measure(options.project, load_network(files[version]), seed, options)
    findings = {"networks": networks}
    path = write_results(NAME, circumstances, findings, n=len(networks), quick=options.quick)
    print(table({**asdict(circumstances), **findings}))
    print(f"\nWrote {path}.")
    if not options.quick:
        PAGE.write_text(with_block(PAGE.read_text("utf-8"), MARK, table(read_results(NAME, quick=False))), "utf-8")


def measure(project: Path, source: TrainedNetwork, seed: int, options: Any) -> dict[str, dict[str, Any]]:
    """Return the row of a network, and of everything that is made from it, by name.

    Args:
        project: Folder with the digits and the candidates made so far.
        source: The network.
        seed: Of all training, so that no two networks are trained on the same batches.
        options: Of the command line.
    """
    train, test, split = digits_of(project, source)
    changes: dict[str, Any] = {"epochs": 1, "latency_calls": 2, "pruning": {"epochs": 1}} if options.quick else {}
    config = from_base(CompressConfig, "compress", **changes)
    fine_tuner = FineTuner(
        train,
        split,
        from_base(NetworkConfig, "network"),
        from_base(GrowthConfig, "growth"),
        from_base(TrainingConfig, "training", seed=seed),
        from_base(WarpConfig, "warps"),
        config,
        Machine("auto", options.threads, 0.6),
        Monitors([]),
    )
    store, made = CandidateStore(project / "data" / "06_models" / "candidates"), {SOURCE: source}
    for recipe in (each for each in config.variants if each.name in (options.recipes or [each.name])):
        key = compression.candidate_key(recipe, source, fine_tuner)
        found = store.find(key)
        if found is None:
            print(f"{source.sha256[:6]}: {recipe.name}", flush=True)
            found = compression.make_candidate(recipe, source, fine_tuner).trained
            store.save(key, found)
        made[recipe.name] = found
    if options.alone:
        made |= trained_alone(source, made, config.variants, fine_tuner, store)
    rows = {name: row(name, trained, train, test, split, config.latency_calls) for name, trained in made.items()}
    image = np.array(test.images[:1])
    rows[SOURCE]["eager_milliseconds"] = latencies({SOURCE: eager(source.network)}, image, config.latency_calls)[SOURCE]
    return rows


def row(name: str, trained: TrainedNetwork, train: Digits, test: Digits, split: Split, calls: int) -> dict[str, Any]:
    """Return what one network is worth and costs."""
    held_out = np.array(train.images[split.validation]), train.labels[split.validation]
    return compression.compression_row(
        name,
        trained,
        validation_accuracy=accuracy_of(trained.network, *held_out),
        accuracy=accuracy_of(trained.network, np.array(test.images), test.labels),
        latency=fastest_backend(trained, np.array(test.images[:1]), calls),
    )


def trained_alone(
    source: TrainedNetwork,
    made: Mapping[str, TrainedNetwork],
    recipes: Sequence[Recipe],
    fine_tuner: FineTuner,
    store: CandidateStore,
) -> dict[str, TrainedNetwork]:
    """Return networks of the widths of two candidates that learn from labels only, from random weights."""
    found = {}
    for name in ("half", "distilled_128"):
        recipe = next((recipe for recipe in recipes if recipe.name == name), None)
        if recipe is None or name not in made:
            continue
        key = f"{compression.candidate_key(recipe, source, fine_tuner)}-alone"
        if (earlier := store.find(key)) is not None:
            found[f"{name}_alone"] = earlier
            continue
        epochs, widths = made[name].epochs, made[name].network.widths
        generator = torch.Generator().manual_seed(fine_tuner.training.seed)
        spec = MLPSpec(hidden_widths=widths, batch_norm=True, classes=source.network.classes)
        network = build(spec, source.network.pixels, generator)
        print(f"{source.sha256[:6]}: {name} alone, {epochs} epochs", flush=True)
        settings = fine_tuner.config.pruning
        rates = Rates(settings.learning_rate, settings.warmup_epochs, settings.ema_decay)
        trained = fine_tuner(network, epochs, rates=rates)
        alone = TrainedNetwork(trained, source.dataset, source.fingerprint, epochs)
        store.save(key, alone)
        found[f"{name}_alone"] = alone
    return found


def digits_of(project: Path, source: TrainedNetwork) -> tuple[Digits, Digits, Split]:
    """Return the training digits, the test digits and the split of a network.

    Raises:
        SystemExit: The project has no longer got them.
    """

    def newest(name: str, kind: Any, fits: Callable[[Any], bool]) -> Any:
        for path in reversed(versions(name, project)):
            dataset = kind(filepath=str(path.parents[1]), version=Version(load=path.parent.name, save=None))
            if fits(found := dataset.load()):
                return found
        raise SystemExit(f"{project / 'data'} no longer has the {name} of the network {source.sha256[:6]}")

    def is_of_the_set(digits: Digits) -> bool:
        return digits.fingerprint == source.fingerprint

    train, test = (newest(name, DigitsDataset, is_of_the_set) for name in ("train_digits", "test_digits"))
    return train, test, newest("split.parquet", SplitDataset, lambda split: split_fingerprint(split) == source.split)


def table(results: Mapping[str, Any]) -> str:
    """Format one row for each recipe, with mean and standard deviation over the networks, and the goals."""
    networks = list(results["networks"].values())
    rows, goals = [], []
    for name in networks[0]:
        found = [network[name] for network in networks]
        lost = [100 * (network[SOURCE]["accuracy"] - network[name]["accuracy"]) for network in networks]
        ratios = [network[SOURCE]["bytes"] / network[name]["bytes"] for network in networks]
        speed = [network[SOURCE]["eager_milliseconds"] / network[name]["latency_milliseconds"] for network in networks]
        rows.append(
            (
                name,
                mean_and_deviation([100 * each["accuracy"] for each in found], 2),
                mean_and_deviation(lost, 2),
                mean_and_deviation([each["bytes"] / 1e3 for each in found], 1),
                f"1/{np.mean(ratios):.1f}",
                mean_and_deviation([each["multiply_adds"] / 1e3 for each in found], 0),
                mean_and_deviation([each["latency_milliseconds"] for each in found], 3),
                f"1/{np.mean(speed):.1f}",
            )
        )
        if name in GOALS:
            measure_name, limit = GOALS[name]
            value = float(np.mean(lost if measure_name == "lost" else [each[measure_name] for each in found]))
            verdict = "reached" if value <= limit else f"missed by {value - limit:.3g}"
            goals.append(f"Goal {name}: {measure_name} <= {limit:g}: {value:.4g}, {verdict}.")
    header = (
        "network",
        "test accuracy (%)",
        "lost (points)",
        "kB",
        "of the source",
        "1,000 multiply-adds",
        "ms",
        "of eager",
    )
    return "\n".join([markdown(header, rows), "", *goals, "", f"n = {len(networks)}. {machine_line(results)}"])


if __name__ == "__main__":
    main()
