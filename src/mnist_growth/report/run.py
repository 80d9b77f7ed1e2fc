"""The report of a run."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.network import TrainedNetwork
from mnist_growth.report.content import Section, Table
from mnist_growth.report.facts import RunFacts
from mnist_growth.report.formats import count, interval, percent
from mnist_growth.report.missing import Missing, reasons
from mnist_growth.report.page import page
from mnist_growth.report.sections import TOPICS, configuration


def run_report(
    trained: TrainedNetwork, results: Mapping[str, Any], parameters: Mapping[str, Any], facts: RunFacts
) -> str:
    """Return the HTML page of one network: its results, and the configuration of the run.

    Args:
        trained: The network.
        results: The datasets of all topics by their names in the catalog, or ``Missing`` in their place.
        parameters: Parameters of the run, nested.
        facts: Other facts about the run.
    """
    given = results["test_metrics"]
    metrics = {} if isinstance(given, Missing) else given
    return page(
        _headline(metrics, trained),
        [*_sections(trained, results), configuration(trained, parameters, facts)],
        lead=[_lead(metrics, trained)],
        warning=_warning(metrics),
    )


def _sections(trained: TrainedNetwork, results: Mapping[str, Any]) -> list[Section]:
    """The sections of all topics; optional topics without any results are listed in the last one."""
    topics = [topic for topic in TOPICS if topic.kind in ("", trained.network.spec.kind)]
    absent = [topic for topic in topics if topic.optional and len(topic.missing(results)) == len(topic.datasets)]
    shown = [topic.section(results) for topic in topics if topic not in absent]
    rows = [(topic.title, *row) for topic in absent for row in reasons(topic.missing(results))]
    table = Table("missing", "Optional results", ("section", "results", "reason", "command"), rows, is_detail=True)
    version = f" --load-versions network:{trained.version}" if trained.version else ""
    advice = f"Run the command of a row, then `kedro run --pipeline report{version}` to write the report again."
    return [*shown, Section("absent", "Not in this report", [advice], [table])] if absent else shown


def _headline(metrics: Mapping[str, Any], trained: TrainedNetwork) -> str:
    if not metrics:
        return f"A network trained on {trained.dataset}, not evaluated yet"
    return f"{percent(metrics['accuracy'])} of {count(metrics['examples'])} test digits recognised"


def _lead(metrics: Mapping[str, Any], trained: TrainedNetwork) -> str:
    widths = "\N{NON-BREAKING HYPHEN}".join(map(str, trained.network.widths))
    bounds = ""
    if "accuracy_low" in metrics:
        bounds = f"The 95 % interval is {interval(metrics['accuracy_low'], metrics['accuracy_high'], percent)}. "
    return (
        f"{bounds}A network of kind {trained.network.spec.kind} with {widths} units and "
        f"{count(trained.network.parameter_count)} parameters, after {count(trained.epochs)} epochs on "
        f"{trained.dataset}."
    )


def _warning(metrics: Mapping[str, Any]) -> str:
    if not metrics or metrics["dataset"] == metrics["requested_dataset"]:
        return ""
    asked_for = metrics["requested_dataset"]
    return (
        f"These are not {asked_for} results: {asked_for} could not be downloaded, so the network was trained and "
        f"tested on {metrics['dataset']} instead."
    )
