"""Pages for people: what a run was, did and left, in one HTML file that needs nothing else.

Tables and figures in, text out; nothing here computes a number.
"""

from mnist_growth.report.config import ReportConfig
from mnist_growth.report.content import Section, Table
from mnist_growth.report.facts import RunFacts
from mnist_growth.report.missing import Missing, explain
from mnist_growth.report.page import page
from mnist_growth.report.run import RunResults, run_report

__all__ = ["Missing", "ReportConfig", "RunFacts", "RunResults", "Section", "Table", "explain", "page", "run_report"]
