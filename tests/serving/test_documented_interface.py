"""The page about the HTTP API is complete, and the commands of the guide work as printed."""

import json
import re
import shutil
import subprocess

import pytest
from prometheus_client.metrics import MetricWrapperBase
from served import Source, listening, png

import configured
from documents import DOCS, section
from mnist_growth.digits import sample_digits
from mnist_growth.serving import metrics
from mnist_growth.serving.app import create_app
from mnist_growth.serving.service import Service

PAGE = DOCS / "reference/http-api.md"
GUIDE = DOCS / "guides/serving.md"
COMMANDS = [line for line in GUIDE.read_text("utf-8").splitlines() if line.startswith("curl ")]


def test_every_path_is_described(client_of):
    described = set(re.findall(r"`((?:GET|POST) /[\w/.]*)`", PAGE.read_text("utf-8")))
    paths = client_of().get("/openapi.json").json()["paths"]
    offered = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert described - {"GET /", "GET /docs", "GET /openapi.json"} == offered


def test_every_metric_is_described():
    described = set(re.findall(r"^\| `(mnist_growth_\w+)` \|", section(PAGE, "Prometheus metrics"), re.MULTILINE))
    collectors = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
    assert described == {f"{one._name}_total" if one._type == "counter" else one._name for one in collectors}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_command_of_the_guide_gets_an_answer(trained, tmp_path):
    for name, image in zip(("digit.png", "another.png"), sample_digits().test.images, strict=False):
        (tmp_path / name).write_bytes(png(image))
    assert len(COMMANDS) == 4
    with listening(create_app(Service(Source(trained), configured.serving()))) as port:
        for command in COMMANDS:
            command = command.replace("localhost:8000", f"127.0.0.1:{port}").replace("curl", "curl -s --noproxy '*'", 1)
            done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
            answer = json.loads(done.stdout)
            assert "prediction" in answer.get("predictions", [answer])[0], answer
