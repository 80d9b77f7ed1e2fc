"""The configuration of nginx in the documentation: it goes with the parameters, and works in front of a service."""

import functools
import http.client
import os
import re
import shutil
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import Source, listening

import configured
from documents import DOCS
from mnist_growth.network import TrainedNetwork
from mnist_growth.serving.app import create_app
from mnist_growth.serving.connection import GuardedConnection
from mnist_growth.serving.server import bind
from mnist_growth.serving.service import Service

CONFIGURATION = DOCS / "guides/nginx.conf"
TEXT = CONFIGURATION.read_text()
NGINX, OPENSSL = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin"), shutil.which("openssl")
NEEDS_NGINX = pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx or openssl is not installed")
MAIN = """
user root;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def value(name: str) -> str:
    """The value of a directive that occurs once."""
    [found] = re.findall(rf"^ *{name} +([^;]+);", TEXT, re.MULTILINE)
    return str(found)


def test_it_goes_with_the_default_parameters() -> None:
    config = configured.serving()
    assert f"server 127.0.0.1:{config.port} " in TEXT
    assert 0 <= int(value("client_max_body_size").removesuffix("m")) * 2**20 - config.max_body_bytes < 2**20
    assert int(value("proxy_read_timeout").removesuffix("s")) > config.timeout_seconds


class Site:
    """The service as clients see it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.statuses: Counter[tuple[str, int]] = Counter()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        client: str = "127.0.0.1",
        times: int = 1,
        **headers: str,
    ) -> tuple[int, bytes]:
        """Ask from an address of this machine, which has limits of its own; return the last answer."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=10, source_address=(client, 0), context=context
        )
        for _ in range(times):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
            self.statuses[client, response.status] += 1
        connection.close()
        return response.status, content


@pytest.fixture(scope="module")
def site(trained: TrainedNetwork, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The service behind nginx with this configuration, on other ports and with a certificate of its own."""
    folder = tmp_path_factory.mktemp("nginx")
    certificate, key = folder / "site.pem", folder / "site.key"
    command = f"{OPENSSL} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x -days 1"
    subprocess.run([*command.split(), "-out", certificate, "-keyout", key], check=True, capture_output=True)
    config = configured.serving(root_path="/digits")
    connection = functools.partial(GuardedConnection, head_seconds=config.timeout_seconds)
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with listening(create_app(Service(Source(trained), config)), http=connection) as service:
        text = TEXT
        for before, after in {
            "127.0.0.1:8000": f"127.0.0.1:{service}",
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "/etc/ssl/digits.example.org.pem": str(certificate),
            "/etc/ssl/private/digits.example.org.key": str(key),
        }.items():
            assert text.count(before) == 1
            text = text.replace(before, after)
        (folder / "site.conf").write_text(text)
        main = MAIN.format(folder=folder)
        # nginx warns if another user chooses its user
        (folder / "nginx.conf").write_text(main if os.geteuid() == 0 else main.replace("user root;", ""))
        assert NGINX is not None
        nginx = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"])
        found = Site(port)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and nginx.poll() is None:
            try:
                found.ask("GET", "/digits/health")
            except OSError:
                time.sleep(0.05)
            else:
                break
        yield found
        nginx.terminate()
        assert nginx.wait(timeout=20) == 0, Path(folder / "error.log").read_text()


@NEEDS_NGINX
def test_the_page_and_predictions_are_under_the_prefix(site: Site, texts: list[str]) -> None:
    status, page = site.ask("GET", "/digits/")
    assets = re.findall(r'"(page/[^"]+)"', page.decode())
    assert (status, len(assets) >= 2) == (200, True)
    for path in (*assets, "docs", "openapi.json", "model"):
        assert site.ask("GET", f"/digits/{path}")[0] == 200, path
    status, answer = site.ask("POST", "/digits/predict", b'{"image": "%s"}' % texts[0].encode())
    assert (status, b'"prediction":' in answer) == (200, True)
    assert [site.ask("GET", path)[0] for path in ("/digits", "/", "/health")] == [308, 404, 404]


@NEEDS_NGINX
def test_large_bodies_are_refused_by_nginx(site: Site) -> None:
    status, answer = site.ask("POST", "/digits/predict", bytes(17_000_000))
    assert (status, b"nginx" in answer) == (413, True)
    status, answer = site.ask("POST", "/digits/predict", bytes(16_000_000), **{"Content-Type": "image/png"})
    assert (status, b"nginx" in answer) == (422, False)


@NEEDS_NGINX
@pytest.mark.parametrize("path", ["/digits/metrics", "/digits/metrics/", "/digits/drift", "/digits/model/reload"])
def test_operations_are_for_this_machine_only(site: Site, path: str) -> None:
    method = "POST" if path.endswith("reload") else "GET"
    assert site.ask(method, path, client="127.0.0.3")[0] == 403
    status, answer = site.ask(method, path)
    assert (status, b"nginx" in answer) == (403 if path.endswith("reload") else 200, False)


@NEEDS_NGINX
def test_each_address_has_a_limit_of_requests_whatever_it_claims_to_be(site: Site) -> None:
    for number in range(2):
        claim = {"X-Forwarded-For": f"10.0.0.{number}"}
        site.ask("GET", "/digits/health", client="127.0.0.2", times=200, **claim)
    assert site.statuses["127.0.0.2", 200] >= 101
    assert site.statuses["127.0.0.2", 429] > 0
    assert site.ask("GET", "/digits/health")[0] == 200
