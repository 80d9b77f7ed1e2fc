"""The report of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.report import circumstances, sections
from mnist_growth.report.facts import RunFacts
from mnist_growth.report.formats import count, interval, percent
from mnist_growth.report.page import page


@dataclass(frozen=True)
class RunResults:
    """What a run has left, as it is in the catalog.

    Attributes:
        test_metrics: Of ``evaluation.test_metrics``.
        class_metrics: Of ``evaluation.class_metrics``.
        accuracy_by_part: Of ``evaluation.accuracy_by_part``.
        confused_pairs: Of ``evaluation.confused_pairs``.
        training_summary: Of ``training.training_summary``.
        training_history: Of ``training.history_table``.
        growth_events: Of ``training.growth_table``.
        unit_cohorts: Of ``evaluation.unit_cohorts``.
        layer_costs: One row for each ``network.LayerCost``.
        memory_parts: One row for each ``network.MemoryPart``, then sum, measured peak and budget.
        data_manifest: What the digits are.
        figures: By their names in the catalog.
        analysis: Tables, figures and values that an analysis of this network has left, by their names in the catalog;
            None where there has been no analysis.
    """

    test_metrics: Mapping[str, Any]
    class_metrics: pd.DataFrame
    accuracy_by_part: pd.DataFrame
    confused_pairs: pd.DataFrame
    training_summary: Mapping[str, Any]
    training_history: pd.DataFrame
    growth_events: pd.DataFrame
    unit_cohorts: pd.DataFrame
    layer_costs: pd.DataFrame
    memory_parts: pd.DataFrame
    data_manifest: Mapping[str, Any]
    figures: Mapping[str, go.Figure]
    analysis: Mapping[str, Any] | None = None


def run_report(results: RunResults, parameters: Mapping[str, Any], facts: RunFacts) -> str:
    """Return the HTML page that tells a run from its result to its configuration.

    Args:
        results: What the run has left.
        parameters: Of the run, nested.
        facts: What the run was beside them.
    """
    metrics, figures = results.test_metrics, dict(results.figures)
    known = [
        sections.results(metrics, results.accuracy_by_part, results.training_summary),
        sections.mistakes(results.class_metrics, results.confused_pairs, _take(figures, sections.MISTAKES)),
        sections.growth(results.growth_events, results.training_history, _take(figures, sections.GROWTH)),
        sections.new_units(results.unit_cohorts, _take(figures, sections.UNITS)),
        sections.cost(
            results.training_summary, results.layer_costs, results.memory_parts, _take(figures, sections.COST)
        ),
        circumstances.digits(results.data_manifest, _take(figures, circumstances.DIGITS)),
    ]
    others = [circumstances.more(figures)] if figures else []
    return page(
        _headline(metrics),
        [*known, *others, *circumstances.analysis(results.analysis), circumstances.configuration(parameters, facts)],
        lead=[_lead(metrics)],
        warning=_warning(metrics),
    )


def _take(figures: dict[str, go.Figure], names: tuple[str, ...]) -> dict[str, go.Figure]:
    """Take figures out, those that are there."""
    return {name: figures.pop(name) for name in names if name in figures}


def _headline(metrics: Mapping[str, Any]) -> str:
    return f"{percent(metrics['accuracy'])} of {count(metrics['examples'])} test digits recognised"


def _lead(metrics: Mapping[str, Any]) -> str:
    widths = "-".join(map(str, metrics["hidden_widths"]))
    bounds = ""
    if "accuracy_low" in metrics:
        bounds = f"The 95 % interval is {interval(metrics['accuracy_low'], metrics['accuracy_high'], percent)}. "
    return (
        f"{bounds}A growing perceptron with hidden layers of {widths} units and {count(metrics['parameters'])} "
        f"parameters, after {count(metrics['epochs'])} epochs on {metrics['dataset']}."
    )


def _warning(metrics: Mapping[str, Any]) -> str:
    if metrics["dataset"] == metrics["requested_dataset"]:
        return ""
    asked_for = metrics["requested_dataset"]
    return (
        f"These are not {asked_for} results: {asked_for} could not be fetched, so the network was trained and tested "
        f"on {metrics['dataset']} instead."
    )
