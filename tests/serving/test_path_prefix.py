"""The service under the prefix of a reverse proxy: addresses stay within the prefix, and HEAD is answered like GET."""

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect
from pydantic import ValidationError
from served import Source, listening

import configured
from mnist_growth.network import TrainedNetwork
from mnist_growth.serving.app import create_app
from mnist_growth.serving.gate import KNOWN_PATHS
from mnist_growth.serving.service import Service

Make = Callable[..., TestClient]
PREFIX = "/digits"
GET_PATHS = ("/", "/health", "/ready", "/model", "/metrics", "/drift", "/docs", "/openapi.json", "/page/page.js")


def proxy(service: int, strip: bool) -> ThreadingHTTPServer:
    """A reverse proxy that shows a service under the prefix, which it removes from the paths or not."""

    class Proxy(BaseHTTPRequestHandler):
        def answer(self) -> None:
            if not self.path.startswith(PREFIX):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = (self.path[len(PREFIX) :] or "/") if strip else self.path
            with contextlib.closing(HTTPConnection("127.0.0.1", service)) as upstream:
                upstream.request(self.command, path, body, {"Content-Type": self.headers.get("Content-Type", "")})
                found = upstream.getresponse()
                content = found.read()
            self.send_response(found.status)
            for name in ("Content-Type", "Location"):
                if name in found.headers:
                    self.send_header(name, found.headers[name])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Proxy)


# Without the parameter, the proxy has to remove the prefix, and the page needs the slash at the end of its address.
@pytest.fixture(scope="module", params=[("", True), (PREFIX, True), (PREFIX, False)], ids=str)
def address(trained: TrainedNetwork, request: pytest.FixtureRequest) -> Iterator[str]:
    root_path, strip = request.param
    app = create_app(Service(Source(trained), configured.serving(root_path=root_path)))
    with listening(app) as port, proxy(port, strip) as outside:
        thread = threading.Thread(target=outside.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{outside.server_port}{PREFIX}" + ("" if root_path else "/")
        outside.shutdown()
        thread.join()


def test_the_page_draws_and_the_reference_shows_under_a_prefix(browser: Browser, address: str) -> None:
    page = browser.new_page()
    problems: list[str] = []
    page.on("response", lambda found: found.status < 400 or problems.append(f"{found.status} {found.url}"))
    page.goto(address)
    expect(page.locator("#model")).to_contain_text("Network 1")
    assert page.locator("#paper").evaluate("element => getComputedStyle(element).borderStyle") == "solid"
    page.locator("#paper").click()
    expect(page.locator("#bars .best")).to_have_count(1)
    page.get_by_role("link", name="API reference").click()
    expect(page.locator("summary").first).to_contain_text("/predict")
    base = address.rstrip("/")
    assert f"{base}/predict" in (page.locator("pre").first.text_content() or "")
    assert page.url == f"{base}/docs"
    page.goto(f"{base}/docs/")
    expect(page.locator("summary").first).to_contain_text("/predict")
    assert problems == []
    page.close()


@pytest.mark.parametrize("path", sorted(KNOWN_PATHS - {"/", "/docs", "/docs/"}))
def test_a_trailing_slash_is_not_redirected(client_of: Make, path: str) -> None:
    client = client_of()
    method = "GET" if path in GET_PATHS else "POST"
    plain, slash = (client.request(method, found, follow_redirects=False) for found in (path, f"{path}/"))
    assert plain.status_code == slash.status_code
    assert plain.headers["content-type"] == slash.headers["content-type"]


def test_the_reference_with_a_slash_is_redirected_relatively(client_of: Make) -> None:
    response = client_of().get("/docs/", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (308, "../docs")


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_addresses_in_pages_are_relative(client_of: Make, path: str) -> None:
    addresses = re.findall(r'(?:href|src)="([^"]*)"', client_of().get(path).text)
    assert len(addresses) >= 4
    assert [one for one in addresses if one.startswith("/") or "//" in one] == []


@pytest.mark.parametrize("prefix", [PREFIX, "/a/b-c", "/predict"])
def test_the_prefix_may_be_in_the_path(client_of: Make, texts: list[str], prefix: str) -> None:
    client = client_of(root_path=prefix)
    for path in ("/predict", f"{prefix}/predict", f"{prefix}/predict/"):
        assert client.post(path, json={"image": texts[0]}).status_code == 200
    assert client.get(f"{prefix}x/health").status_code == 404
    assert client.get("/openapi.json").json()["servers"] == [{"url": prefix}]


def test_a_prefix_does_not_open_what_needs_the_token(client_of: Make, texts: list[str]) -> None:
    client = client_of(root_path=PREFIX, token="secret")
    assert client.get(f"{PREFIX}/health").status_code == 200
    assert client.get(f"{PREFIX}/model").status_code == 401
    assert client.post(f"{PREFIX}/predict", json={"image": texts[0]}).status_code == 401


@pytest.mark.parametrize("path", ["digits", "/digits/", "//example.org", "/a b", '/"><script>', "/é"])
def test_a_prefix_is_a_path(path: str) -> None:
    with pytest.raises(ValidationError, match=r"'serving\.root_path' is .*; expected a path such as /digits"):
        configured.serving(root_path=path)


@pytest.mark.parametrize("path", GET_PATHS)
def test_head_has_the_headers_of_get_and_no_body(client_of: Make, path: str) -> None:
    client = client_of()
    get, head = client.get(path), client.head(path)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    varying = {"content-length"} if path == "/metrics" else set()  # its numbers change
    assert {**head.headers, **dict.fromkeys(varying)} == {**get.headers, **dict.fromkeys(varying)}


@pytest.mark.parametrize(("path", "status"), [("/model", 401), ("/nothing", 401), ("/health", 200)])
def test_head_needs_the_token_where_get_does(client_of: Make, path: str, status: int) -> None:
    response = client_of(token="secret").head(path)
    assert (response.status_code, response.content) == (status, b"")


def test_head_says_when_the_service_stops(client_of: Make) -> None:
    client = client_of()
    client.service.stopping = True  # type: ignore[attr-defined]
    response = client.head("/ready")
    assert (response.status_code, response.content, response.headers["connection"]) == (503, b"", "close")
