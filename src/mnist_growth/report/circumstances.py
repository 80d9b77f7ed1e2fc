"""The sections of the report of a run that say what it was made from, and what else was found."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.report.content import Section, Table
from mnist_growth.report.facts import RunFacts
from mnist_growth.report.formats import count
from mnist_growth.report.tables import undescribed, values

Figures = Mapping[str, go.Figure]

DIGITS = ("warps_figure",)


def digits(manifest: Mapping[str, Any], figures: Figures) -> Section:
    """What the network learned from, and how many of each class there are."""
    parts = [name for name, value in manifest.items() if isinstance(value, Mapping) and "class_counts" in value]
    classes = list(manifest[parts[0]]["class_counts"]) if parts else []
    rows = [(name, *(count(manifest[part]["class_counts"].get(name, 0)) for part in parts)) for name in classes]
    content = {name: value for name, value in manifest.items() if name not in parts}
    content |= {f"{part}.count": manifest[part]["count"] for part in parts}
    tables = [
        values("data_manifest", "Manifest", content),
        Table("class_counts", "Digits of each class", ("class", *parts), rows),
    ]
    return Section("digits", "Digits", tables=tables, figures=figures)


def more(figures: Figures) -> Section:
    """Figures that no other section has asked for."""
    return Section("more", "More figures", figures=figures)


def analysis(findings: Mapping[str, Any] | None) -> list[Section]:
    """What an analysis of the network has found, or that there is none."""
    if findings is None:
        missing = (
            "Errors by writing style, the data and the difficulty of the digits are not in this report, because this "
            "network has not been analysed: `kedro run --pipeline analyse`, then `kedro run --pipeline report`."
        )
        return [Section("analysis", "Analysis", [missing])]
    tables = [undescribed(name, content) for name, content in findings.items() if isinstance(content, pd.DataFrame)]
    tables += [values(name, name, content) for name, content in findings.items() if isinstance(content, Mapping)]
    figures = {name: content for name, content in findings.items() if isinstance(content, go.Figure)}
    return [Section("analysis", "Analysis", tables=tables, figures=figures)]


def configuration(parameters: Mapping[str, Any], facts: RunFacts) -> Section:
    """What is needed to make this run again."""
    tables = [
        values("run", "The run", facts.run),
        values("machine", "Machine", facts.machine),
        values("software", "Software", facts.software),
        values("versions", "Versions of the data", facts.versions),
        values("parameters", "Parameters", parameters),
    ]
    return Section("configuration", "Configuration", tables=tables)
