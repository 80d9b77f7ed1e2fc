"""Short terminal summary of a comparison."""

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table

from mnist_growth.evaluation.intervals import CONFIDENCE


def comparison_summary(comparison: Mapping[str, Any]) -> RenderableType:
    """Return a short summary of a comparison for ``rich.print``.

    Args:
        comparison: Result of ``compare``, with ``network`` and ``baseline_network``, descriptions of the two networks.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, prefix in (("network", ""), ("baseline", "baseline_")):
        accuracy, low, high = (comparison[f"{prefix}accuracy{end}"] for end in ("", "_low", "_high"))
        table.add_row(name, f"{accuracy:.2%}  (95 % interval {low:.2%} to {high:.2%})")
        table.add_row("", comparison[f"{prefix}network"])
    difference, low, high = (100 * comparison[f"difference{end}"] for end in ("", "_low", "_high"))
    table.add_row("difference", f"{difference:+.2f} points  (95 % interval {low:+.2f} to {high:+.2f})")
    only_network, only_baseline = comparison["only_network_correct"], comparison["only_baseline_correct"]
    table.add_row("recognised by only one", f"{only_network:,} by the network, {only_baseline:,} by the baseline")
    table.add_row("McNemar test", f"p = {comparison['mcnemar_p_value']:.2g}: {_verdict(comparison)}")
    title = f"Comparison on {comparison['examples']:,} test digits of {comparison['dataset']}"
    return Panel.fit(table, title=title, title_align="left")


def _verdict(comparison: Mapping[str, Any]) -> str:
    """Return the conclusion of the test."""
    if comparison["mcnemar_p_value"] > 1 - CONFIDENCE:
        return "no evidence that one is better"
    return f"the {'network' if comparison['difference'] > 0 else 'baseline'} is better"
