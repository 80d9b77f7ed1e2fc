"""Compare what explain, robustness and landscape find in networks that were trained in different ways.

Runs the pipelines on versions of a project's networks and collects their metrics, the time and the peak memory of each
command. Give one group of versions for each way of training: `--networks grown=<version>,<version> fixed=<version>`.
Prints a table, and writes inspection.json and docs/inspection.md. A version that has results already is not run again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.common.artifacts import NETWORK, versions
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.pages import with_block
from benchmarks.common.paths import PROJECT
from benchmarks.common.project_folder import measured_kedro
from benchmarks.common.results import read_results, write_results
from benchmarks.common.tables import machine_line, markdown, mean_and_deviation
from mnist_growth.network import load_network

NAME = "inspection"
PAGE = PROJECT / "docs" / "inspection.md"
MARK = "<!-- inspection -->"
METRICS = {
    "evaluate": "test_metrics.json",
    "explain": "explanation_metrics.json",
    "robustness": "robustness_metrics.json",
    "landscape": "landscape_metrics.json",
}
"""File of the metrics of each pipeline."""
PIPELINES = [name for name in METRICS if name != "evaluate"]
"""Pipelines that are run; the evaluation belongs to the training."""


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "with the parameters of the environment smoke")
    options_parser.add_argument("--project", type=Path, default=PROJECT, help="folder of the project with the networks")
    options_parser.add_argument("--networks", nargs="+", required=True, metavar="NAME=VERSION,...", help="the groups")
    options_parser.add_argument("--pipelines", nargs="+", choices=PIPELINES, default=PIPELINES)
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    environment = ["--env", "smoke"] if options.quick else []
    groups = {name: found.split(",") for name, _, found in (each.partition("=") for each in options.networks)}
    networks = {
        name: [inspect(options.project, version, options.pipelines, environment) for version in found]
        for name, found in groups.items()
    }
    findings = {"networks": networks}
    path = write_results(NAME, circumstances, findings, n=max(map(len, groups.values())), quick=options.quick)
    print(table({**asdict(circumstances), **findings}))
    print(f"\nWrote {path}.")
    if not options.quick:
        write_page()


def inspect(project: Path, version: str, pipelines: Sequence[str], environment: Sequence[str]) -> dict[str, Any]:
    """Run the pipelines on a network, unless they have run, and return their metrics.

    Raises:
        SystemExit: There is no such network.
        RuntimeError: A command failed.
    """
    found = [path for path in versions(NETWORK, project) if path.parent.name == version]
    if not found:
        raise SystemExit(f"There is no network {version} in {project / 'data'}")
    trained = load_network(found[0])
    facts: dict[str, Any] = {"version": version, "epochs": trained.epochs, "widths": list(trained.network.widths)}
    facts["evaluate"] = metrics_of(project, "evaluate", trained.sha256)
    for pipeline in pipelines:
        metrics = metrics_of(project, pipeline, trained.sha256)
        if metrics is None:
            print(f"kedro run --pipeline {pipeline} of network {version}", flush=True)
            seconds, peak_rss = measured_kedro(
                project, "run", "--pipeline", pipeline, "--load-versions", f"network:{version}", *environment
            )
            facts[f"{pipeline}_seconds"] = round(seconds, 1)
            facts["peak_rss_mb"] = max(facts.get("peak_rss_mb", 0), round(peak_rss / 1e6))
            metrics = metrics_of(project, pipeline, trained.sha256)
        facts[pipeline] = metrics
    return facts


def metrics_of(project: Path, pipeline: str, sha256: str) -> dict[str, Any] | None:
    """Return the newest metrics of a pipeline that belong to a network; None if there are none."""
    for path in reversed(versions(METRICS[pipeline], project)):
        metrics: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if metrics.get("network_sha256") == sha256:
            return metrics
    return None


def write_page() -> None:
    """Write the table of docs/inspection.md from the results."""
    results = read_results(NAME, quick=False)
    PAGE.write_text(with_block(PAGE.read_text("utf-8"), MARK, table(results)), "utf-8")
    print(f"Wrote the table to {PAGE}.")


def table(results: Mapping[str, Any]) -> str:
    """Format one row for each metric and one column for each group of networks, with mean and standard deviation."""
    networks = results["networks"]
    header = ("", *(f"{name} (n = {len(group)})" for name, group in networks.items()))
    rows = []
    for label, digits, value in ROWS:
        cells = [[found for facts in group if (found := value(facts)) is not None] for group in networks.values()]
        if any(cells):
            rows.append((label, *(mean_and_deviation(cell, digits) for cell in cells)))
    return f"{markdown(header, rows)}\n\n{machine_line(results)}"


def _at(*path: str, factor: float = 1.0) -> Callable[[Mapping[str, Any]], float | None]:
    """Return a function that finds a number in the facts of a network; None if it is not there."""

    def value(facts: Mapping[str, Any]) -> float | None:
        found: Any = facts
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return None if found is None else factor * float(found)

    return value


ROWS: Sequence[tuple[str, int, Callable[[Mapping[str, Any]], float | None]]] = (
    ("accuracy on all test digits, %", 2, _at("evaluate", "accuracy", factor=100)),
    ("accuracy under FGSM, epsilon 0.1, %", 1, _at("robustness", "fgsm", "0.1", factor=100)),
    ("accuracy under PGD, epsilon 0.05, %", 1, _at("robustness", "pgd", "0.05", factor=100)),
    ("accuracy under PGD, epsilon 0.1, %", 1, _at("robustness", "pgd", "0.1", factor=100)),
    ("median of the smallest adversarial change, L-infinity", 3, _at("robustness", "smallest_change", "linf")),
    ("median of the smallest adversarial change, L2", 2, _at("robustness", "smallest_change", "l2")),
    ("accuracy with Gaussian noise of deviation 0.3, %", 1, _at("robustness", "noise", "0.3", factor=100)),
    ("mean accuracy on the corruptions of MNIST-C, %", 1, _at("robustness", "mean_corrupted_accuracy", factor=100)),
    ("mean corruption error", 3, _at("robustness", "mean_corruption_error")),
    ("Lipschitz constant, lower bound", 1, _at("robustness", "lipschitz", "lower")),
    ("Lipschitz constant, upper bound", 0, _at("robustness", "lipschitz", "upper")),
    ("largest eigenvalue of the Hessian", 2, _at("landscape", "hessian_largest")),
    ("smallest eigenvalue", 3, _at("landscape", "hessian_smallest")),
    ("trace", 1, _at("landscape", "hessian_trace")),
    ("share of negative curvature, %", 1, _at("landscape", "negative_curvature_share", factor=100)),
    ("sharpness, nats", 4, _at("landscape", "sharpness")),
    ("gradient noise scale, digits", 0, _at("landscape", "gradient_noise_scale")),
    ("deletion AUC of integrated gradients", 3, _at("explain", "deletion_auc", "integrated_gradients")),
    ("insertion AUC of integrated gradients", 3, _at("explain", "insertion_auc", "integrated_gradients")),
    ("deletion AUC of saliency", 3, _at("explain", "deletion_auc", "saliency")),
    ("insertion AUC of saliency", 3, _at("explain", "insertion_auc", "saliency")),
    ("median margin of correctly classified digits", 3, _at("explain", "median_margin")),
    ("median selectivity, first hidden layer", 3, _at("explain", "median_selectivity", "hidden 1")),
    ("median selectivity, third hidden layer", 3, _at("explain", "median_selectivity", "hidden 3")),
    ("variance between classes, third hidden layer, %", 1, _at("explain", "between_classes", "hidden 3", factor=100)),
    ("explain, s", 0, _at("explain_seconds")),
    ("robustness, s", 0, _at("robustness_seconds")),
    ("landscape, s", 0, _at("landscape_seconds")),
    ("largest peak RSS of the three, MB", 0, _at("peak_rss_mb")),
)
"""Label, decimals and value of each row."""


if __name__ == "__main__":
    main()
