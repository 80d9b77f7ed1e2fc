"""The report of a comparison of two networks."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.network import TrainedNetwork
from mnist_growth.report.facts import RunFacts
from mnist_growth.report.formats import count, interval, percent, points
from mnist_growth.report.page import page
from mnist_growth.report.sections import comparison, configuration

_SIGNIFICANT = 0.05  # p-value, as for the 95 % intervals


def comparison_report(
    trained: TrainedNetwork, results: Mapping[str, Any], parameters: Mapping[str, Any], facts: RunFacts
) -> str:
    """Return the HTML page of a comparison: the difference, all and by class, and the digits on which they disagree.

    Args:
        trained: The network that was compared with the baseline.
        results: Tables, metrics and figures of the comparison by their names in the catalog.
        parameters: Parameters of the run, nested.
        facts: Other facts about the run.
    """
    compared = results["comparison"]
    low, high = compared["difference_low"], compared["difference_high"]
    lead = [
        f"{percent(compared['accuracy'])} and {percent(compared['baseline_accuracy'])} of the "
        f"{count(compared['examples'])} test digits of {compared['dataset']} recognised: a difference of "
        f"{points(compared['difference'])} percentage points, 95 % interval {interval(low, high, points)}.",
        f"Network: {compared['network']}. Baseline: {compared['baseline_network']}.",
    ]
    sections = [comparison.TOPIC.section(results), configuration(trained, parameters, facts)]
    return page(_headline(compared), sections, lead=lead)


def _headline(compared: Mapping[str, Any]) -> str:
    if compared["mcnemar_p_value"] > _SIGNIFICANT:
        return "No evidence that one network is better than the other"
    better = "network" if compared["difference"] > 0 else "baseline"
    return f"The {better} is better by {abs(100 * compared['difference']):.2f} percentage points"
