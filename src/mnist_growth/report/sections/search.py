"""Fronts of accuracy and multiply-adds that methods of architecture search find."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import scientific
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_HOW = (
    "All searches have the same budget of multiply-adds for their trainings; growth may take a share of it alone. "
    "Growth widens one network layer by layer and prunes copies of it. Evolution (NSGA-II) and random choices train "
    "each network from random weights. The hypervolume is the area that the networks of a search dominate, in decades "
    "of multiply-adds times decades of error; larger is better. Networks are chosen by validation digits, and the "
    "hypervolume on test digits is that of the chosen ones. Intervals are 95 % intervals over the seeds; differences "
    "are between searches with the same seed."
)
_COLUMNS: Columns = {
    "method": ("method", str),
    "seeds": ("searches", str),
    "networks": ("networks", "{:.1f}".format),
    "work": ("multiply-adds of all trainings", scientific),
    "hypervolume": ("hypervolume", "{:.3f}".format),
    "difference": ("difference from random", "{:.3f}".format),
    "test_hypervolume": ("on test digits", "{:.3f}".format),
    "test_difference": ("difference from random", "{:.3f}".format),
    "work_share": ("work to reach random's, as a share", "{:.3f}".format),
}


def _body(results: Mapping[str, Any]) -> Body:
    table = results["search_hypervolume"]
    return Body([_HOW], [described("search_hypervolume", "Hypervolume by method", table, _COLUMNS)])


TOPIC = Topic(
    "search",
    "Architecture search",
    ("search_hypervolume", "search_fronts_figure", "search_hypervolume_figure"),
    _body,
    optional=True,
)
