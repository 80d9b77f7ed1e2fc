"""The page about the HTTP API is complete."""

import re

from prometheus_client.metrics import MetricWrapperBase

from documents import DOCS, section
from mnist_growth.serving import metrics

PAGE = DOCS / "reference/http-api.md"


def test_every_path_is_described(client_of):
    described = set(re.findall(r"`((?:GET|POST) /[\w/.]*)`", PAGE.read_text("utf-8")))
    paths = client_of().get("/openapi.json").json()["paths"]
    offered = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert described - {"GET /", "GET /docs", "GET /openapi.json"} == offered


def test_every_metric_is_described():
    described = set(re.findall(r"^\| `(mnist_growth_\w+)` \|", section(PAGE, "Prometheus metrics"), re.MULTILINE))
    collectors = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
    assert described == {f"{one._name}_total" if one._type == "counter" else one._name for one in collectors}
