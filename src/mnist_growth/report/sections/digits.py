"""The digits that the network was trained and tested on."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.content import Table
from mnist_growth.report.formats import count
from mnist_growth.report.tables import values
from mnist_growth.report.topic import Body, Topic


def _body(results: Mapping[str, Any]) -> Body:
    manifest = results["data_manifest"]
    parts = [name for name, value in manifest.items() if isinstance(value, Mapping) and "class_counts" in value]
    classes = list(manifest[parts[0]]["class_counts"]) if parts else []
    rows = [(name, *(count(manifest[part]["class_counts"].get(name, 0)) for part in parts)) for name in classes]
    content = {name: value for name, value in manifest.items() if name not in parts}
    content |= {f"{part}.count": manifest[part]["count"] for part in parts}
    return Body(
        tables=[
            values("data_manifest", "Manifest", content),
            Table("class_counts", "Digits of each class", ("class", *parts), rows, is_detail=True),
        ]
    )


TOPIC = Topic("digits", "Digits", ("data_manifest", "warps_figure"), _body)
