"""Collection of the results of one network, and its report."""

from dataclasses import dataclass, replace
from typing import Any

from mnist_growth import figures
from mnist_growth.datasets import Found, Results
from mnist_growth.lineage import lineage_of
from mnist_growth.network import TrainedNetwork
from mnist_growth.report import FIGURE, Missing, ReportConfig, RunFacts, optional_datasets, run_report, source_datasets


@dataclass(frozen=True)
class NetworkResults:
    """The results of one network.

    Attributes:
        trained: The network.
        datasets: Tables, metrics and figures by their names in the catalog, or ``Missing`` in their place.
        versions: Versions of the optional datasets that were found, by name.
    """

    trained: TrainedNetwork
    datasets: dict[str, Any]
    versions: dict[str, str]


def gather(trained: TrainedNetwork, results: Results, **required: Any) -> NetworkResults:
    """Return the results of the network, with ``Missing`` in the place of results of another one.

    Args:
        trained: The network that the report is about.
        results: Finds the optional datasets.
        required: The required datasets by name, or ``Missing`` in their place.

    Raises:
        ValueError: Nothing belongs to the network.
    """
    of_source = source_datasets()
    found = {name: results.find(name, trained, or_source=name in of_source) for name in optional_datasets()}
    given = {**required, **{name: each.value if isinstance(each, Found) else each for name, each in found.items()}}
    datasets = {
        name: value
        if isinstance(value, Missing) or lineage_of(value).belongs_to(trained, or_source=name in of_source)
        else replace(results.missing(name, trained), owner=lineage_of(value))
        for name, value in given.items()
    }
    if all(isinstance(value, Missing) for value in datasets.values()):
        raise ValueError(
            f"There is nothing to report about the network of version {trained.version or 'unknown'}: run "
            f"`{datasets['test_metrics'].command}` first"
        )
    versions = {name: each.version for name, each in found.items() if isinstance(each, Found)}
    return NetworkResults(trained, datasets, versions)


def draw_png(results: NetworkResults, config: ReportConfig) -> dict[str, bytes]:
    """Return every figure of the report as a PNG file, by name, if the parameters ask for them."""
    if not config.png:
        return {}
    drawn = {name: value for name, value in results.datasets.items() if name.endswith(FIGURE)}
    present = {name: figure for name, figure in drawn.items() if not isinstance(figure, Missing)}
    return figures.png_files(present, dark=config.png == "dark")


def write_report(results: NetworkResults, parameters: dict[str, Any], run_facts: RunFacts) -> str:
    """Return the page."""
    facts = replace(run_facts, versions={**run_facts.versions, **results.versions})
    return run_report(results.trained, results.datasets, parameters, facts)
