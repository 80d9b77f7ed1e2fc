"""The attention of an attention network."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mnist_growth.report.formats import count, decimals
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_HEADS: Columns = {
    "block": ("block", count),
    "head": ("head", count),
    "largest": ("largest share of a patch", decimals),
    "patches": ("effective number of patches", decimals),
}


def _body(results: Mapping[str, Any]) -> Body:
    return Body(
        paragraphs=[
            "Attention rollout multiplies the mean attention of the heads of all blocks, each with its residual "
            "connection: the share of each patch in the token that is classified. It is the same for all classes and "
            "says where information comes from, not which class it supports. The maps of the heads are those of one "
            "digit: the mean over all tokens of the weights with which they take in each patch."
        ],
        tables=[
            described("attention_heads", "Heads for one digit", _heads(results["attention_maps"]), _HEADS),
        ],
    )


def _heads(maps: pd.DataFrame) -> pd.DataFrame:
    """Return one row per head: its largest share, and the inverse of the sum of squared shares."""
    heads = maps[maps["block"] > 0].groupby(["block", "head"])["attention"]
    summary = heads.agg(largest="max", patches=lambda shares: 1 / (shares**2).sum())
    return summary.reset_index()


TOPIC = Topic(
    "attention",
    "Attention",
    ("attention_maps", "attention_figure"),
    _body,
    optional=True,
    kind="attention",
)
