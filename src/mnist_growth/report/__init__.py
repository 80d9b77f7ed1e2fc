"""Reports, each one HTML file: of a network and its run, of a comparison of two networks, and of drift.

The package formats tables and figures; it computes no results.
"""

from mnist_growth.report.comparison import comparison_report
from mnist_growth.report.config import ReportConfig
from mnist_growth.report.content import Section, Table
from mnist_growth.report.drift import drift_report
from mnist_growth.report.facts import RunFacts
from mnist_growth.report.missing import Missing, explain
from mnist_growth.report.page import page
from mnist_growth.report.run import run_report
from mnist_growth.report.sections import TOPICS, optional_datasets, required_datasets, source_datasets
from mnist_growth.report.topic import FIGURE, Topic

__all__ = [
    "FIGURE",
    "TOPICS",
    "Missing",
    "ReportConfig",
    "RunFacts",
    "Section",
    "Table",
    "Topic",
    "comparison_report",
    "drift_report",
    "explain",
    "optional_datasets",
    "page",
    "required_datasets",
    "run_report",
    "source_datasets",
]
