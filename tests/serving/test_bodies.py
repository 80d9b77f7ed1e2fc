"""Bodies of requests: files, forms and compressed ones get the answer of JSON, or a sentence that says what to send."""

import base64
import gzip
import io
import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from served import base64_of, png

from mnist_growth.digits import decode_image, sample_digits

Make = Callable[..., TestClient]
TEST = sample_digits().test
SEVEN = next(image for image, label in zip(TEST.images, TEST.labels, strict=True) if label == 7)
FILE = png(SEVEN)
TEXT = base64_of(FILE)
JSON = json.dumps({"image": TEXT}).encode()
GZIP = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


@pytest.fixture
def client(client_of: Make) -> TestClient:
    return client_of()


def saved(file_format: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(SEVEN).save(file, file_format, **({"lossless": True} if file_format == "WEBP" else {}))
    return file.getvalue()


def form(*parts: tuple[str, bytes], boundary: str = "XX", end: str = "--") -> bytes:
    """A form of these parts: the lines of a header, and content."""
    return b"".join(
        [b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary.encode(), head.encode(), body) for head, body in parts]
        + [f"--{boundary}{end}".encode()]
    )


PART = 'Content-Disposition: form-data; name="image"; filename="seven.png"'
FORM = {"Content-Type": "multipart/form-data; boundary=XX"}

WAYS: dict[str, tuple[bytes, dict[str, str]]] = {
    "JSON without a type": (JSON, {}),
    "JSON with a charset": (JSON, {"Content-Type": "Application/JSON; charset=UTF-8"}),
    "JSON of another name": (JSON, {"Content-Type": "application/vnd.api+json"}),
    "JSON that curl sends without a type": (JSON, {"Content-Type": "application/x-www-form-urlencoded"}),
    "JSON in UTF-16": (JSON.decode().encode("utf-16"), {"Content-Type": "application/json"}),
    "JSON with a byte-order mark": (b"\xef\xbb\xbf" + JSON, {"Content-Type": "application/json"}),
    "JSON with line ends in a string": (
        b'{"image": "' + base64.encodebytes(FILE) + b'"}',
        {"Content-Type": "application/json"},
    ),
    "gzip": (gzip.compress(JSON), GZIP),
    "x-gzip": (gzip.compress(JSON), GZIP | {"Content-Encoding": "x-gzip"}),
    "gzip in capitals": (gzip.compress(JSON), GZIP | {"Content-Encoding": "GZIP"}),
    "gzip in two parts": (gzip.compress(JSON[:50]) + gzip.compress(JSON[50:]), GZIP),
    "deflate": (zlib.compress(JSON), GZIP | {"Content-Encoding": "deflate"}),
    "deflate without the header of zlib": (zlib.compress(JSON, wbits=-15), GZIP | {"Content-Encoding": "deflate"}),
    "deflate, then gzip": (gzip.compress(zlib.compress(JSON)), GZIP | {"Content-Encoding": "deflate, gzip"}),
    "identity": (JSON, GZIP | {"Content-Encoding": "identity"}),
    "PNG": (FILE, {"Content-Type": "image/png"}),
    "TIFF": (saved("TIFF"), {"Content-Type": "image/tiff"}),
    "WebP": (saved("WEBP"), {"Content-Type": "image/webp"}),
    "PGM": (saved("PPM"), {"Content-Type": "image/x-portable-graymap"}),
    "a file of unknown type": (FILE, {"Content-Type": "application/octet-stream"}),
    "a file that curl sends without a type": (FILE, {"Content-Type": "application/x-www-form-urlencoded"}),
    "784 grey values": (SEVEN.tobytes(), {"Content-Type": "application/octet-stream"}),
    "compressed PNG": (gzip.compress(FILE), {"Content-Type": "image/png", "Content-Encoding": "gzip"}),
    "form": (form((f"{PART}\r\nContent-Type: image/png", FILE)), FORM),
    "form with a text": (form(('Content-Disposition: form-data; name="image"', TEXT.encode())), FORM),
    "compressed form": (gzip.compress(form((PART, FILE))), FORM | {"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("path", ["/predict", "/explain"])
@pytest.mark.parametrize("way", WAYS)
def test_every_body_gets_the_answer_of_plain_json(client: TestClient, path: str, way: str) -> None:
    expected = client.post(path, content=JSON, headers={"Content-Type": "application/json"}).json()
    body, headers = WAYS[way]
    response = client.post(path, content=body, headers=headers)
    assert (response.status_code, response.json()) == (200, expected)


def test_a_body_of_one_image_is_a_batch_of_one(client: TestClient) -> None:
    expected = client.post("/predict", json={"image": TEXT}).json()["prediction"]
    for body, headers in [WAYS["PNG"], WAYS["form"]]:
        response = client.post("/predict/batch", content=body, headers=headers)
        assert [found["prediction"] for found in response.json()["predictions"]] == [expected]


@pytest.mark.parametrize("name", ["images", "image", "images[]"])
def test_a_form_with_several_files_is_a_batch_in_their_order(client: TestClient, texts: list[str], name: str) -> None:
    expected = client.post("/predict/batch", json={"images": texts[:5]}).json()
    files = [(name, (f"{number}.png", png(image), "image/png")) for number, image in enumerate(TEST.images[:5])]
    assert client.post("/predict/batch", files=files).json() == expected


@pytest.mark.parametrize("body", [b'{"images": []}', b'{"images": ["AAAA"]}'])
def test_a_compressed_batch_is_checked_like_a_plain_one(client: TestClient, body: bytes) -> None:
    plain = client.post("/predict/batch", content=body, headers={"Content-Type": "application/json"})
    response = client.post("/predict/batch", content=gzip.compress(body), headers=GZIP)
    assert (response.status_code, response.json()) == (plain.status_code, plain.json())
    assert response.status_code == 422


BAD: dict[str, tuple[int, bytes, dict[str, str], str]] = {
    "floats": (422, b'{"image": [0.0, 0.5]}', {}, "The field `image` is a list: send JSON with `image`, the base64"),
    "a number": (422, b'{"image": 7}', {}, "The field `image` is a number: send"),
    "nothing": (422, b'{"image": null}', {}, "The field `image` is null: send"),
    "an object": (422, b'{"image": {"b64": "AA"}}', {}, "The field `image` is an object: send"),
    "the name of another service": (
        422,
        b'{"img": "AAAA"}',
        {},
        "The field `image` is missing and the field `img` is unknown: send",
    ),
    "the name of a batch": (422, b'{"images": ["AAAA"]}', {}, "The field `image` is missing and the field `images` is"),
    "one field too many": (422, b'{"image": "AAAA", "id": 1}', {}, "The field `id` is unknown: send"),
    "a list": (422, b'["AAAA"]', {}, "The body is a list: send JSON"),
    "a text": (422, b'"AAAA"', {"Content-Type": "application/json"}, "The body is a string: send JSON"),
    "a syntax error": (422, b'{"image": }', {}, "The body is not valid JSON (line 1, column 11): send JSON"),
    "deep nesting": (422, b'{"image":' + b"[" * 100_000, {}, "The body is not valid JSON: send JSON"),
    "a huge number": (422, b'{"image":' + b"9" * 5000 + b"}", {}, "The body is not valid JSON: send JSON"),
    "half a surrogate": (422, b'{"image": "\\ud800"}', {}, "The field `image` is not valid: send JSON"),
    "no body": (422, b"", {"Content-Type": "application/json"}, "The body is empty: send JSON"),
    "no file": (422, b"", {"Content-Type": "image/png"}, "The body is empty: send JSON"),
    "a form of a web page": (
        415,
        b"image=seven.png",
        {"Content-Type": "application/x-www-form-urlencoded"},
        "The body is neither JSON nor an image file: send JSON",
    ),
    "XML": (415, b"<image/>", {"Content-Type": "application/xml"}, "The Content-Type 'application/xml' cannot be"),
    "another encoding": (
        415,
        JSON,
        GZIP | {"Content-Encoding": "br"},
        "The Content-Encoding 'br' cannot be decoded: send the body as it is, or compress it once with gzip, deflate",
    ),
    "many encodings": (
        415,
        gzip.compress(JSON),
        GZIP | {"Content-Encoding": ", ".join(["gzip"] * 100)},
        "100 Content-Encodings cannot be decoded",
    ),
    "JSON that is said to be gzip": (400, JSON, GZIP, "The body is not complete gzip data"),
    "half of a gzip": (400, gzip.compress(JSON)[:-9], GZIP, "The body is not complete gzip data"),
    "garbage after a gzip": (400, gzip.compress(JSON) + b"garbage", GZIP, "The body is not complete gzip data"),
    "many gzips": (400, gzip.compress(b" ") * 40_000, GZIP, "The body is not complete gzip data"),
    "no deflate": (400, b"\0" * 9, GZIP | {"Content-Encoding": "deflate"}, "The body is not complete deflate data"),
    "no image": (422, b"%PDF-1.7", {"Content-Type": "image/png"}, "The 8 bytes are not an image"),
    "a form without a boundary": (400, FILE, {"Content-Type": "multipart/form-data"}, "has no boundary"),
    "a form of another boundary": (400, form((PART, FILE), boundary="YY"), FORM, "The form cannot be read: send"),
    "a form with a long boundary": (
        400,
        FILE,
        {"Content-Type": "multipart/form-data; boundary=" + "a" * 300},
        "The form cannot be read: send",
    ),
    "half of a form": (422, form((PART, FILE))[:150], FORM, "The form has no complete part with an image: send"),
    "an empty form": (422, b"--XX--\r\n", FORM, "The form has no complete part with an image: send"),
    "a form without names": (
        400,
        form(("Content-Disposition: form-data", FILE)),
        FORM,
        "The form cannot be read: send",
    ),
    "a form with another name": (
        422,
        form((PART.replace('"image"', '"photo"'), FILE)),
        FORM,
        "The form has the unknown field 'photo': send",
    ),
    "a form with two files": (413, form((PART, FILE), (PART, FILE)), FORM, "The form has more than one image: send"),
    "a form in an unknown encoding": (
        400,
        form((f"{PART}\r\nContent-Transfer-Encoding: uu", FILE)),
        FORM,
        "The form cannot be read: send",
    ),
    "an empty file in a form": (422, form((PART, b"")), FORM, "The 0 bytes are not an image"),
}


@pytest.mark.parametrize("path", ["/predict", "/explain"])
@pytest.mark.parametrize("case", BAD)
def test_a_bad_body_is_answered_with_what_to_send(client: TestClient, path: str, case: str) -> None:
    status, body, headers, sentence = BAD[case]
    response = client.post(path, content=body, headers=headers)
    detail = response.json()["detail"]
    assert (response.status_code, sentence in detail) == (status, True), detail


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", ["floats", "the name of another service", "a list", "a syntax error", "no body"])
def test_a_bad_batch_is_answered_with_what_to_send(client: TestClient, case: str) -> None:
    status, body, headers, _ = BAD[case]
    response = client.post("/predict/batch", content=body, headers=headers)
    assert response.status_code == status
    assert response.json()["detail"].endswith("or one image file with its Content-Type, such as image/png")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"images": []}, "The field `images` is empty: send"),
        ({"images": "AAAA"}, "The field `images` is a string: send"),
        ({"images": ["AAAA", 7]}, "The field `images[1]` is a number: send"),
        ({"images": [TEXT, "*"]}, "images[1]: The image is not base64: it has the character '*'"),
    ],
)
def test_the_wrong_image_of_a_batch_is_named(client: TestClient, body: Any, sentence: str) -> None:
    response = client.post("/predict/batch", json=body)
    assert response.status_code == 422
    assert response.json()["detail"].startswith(sentence)


def test_an_unknown_encoding_gets_the_known_ones(client: TestClient) -> None:
    response = client.post("/predict", content=JSON, headers=GZIP | {"Content-Encoding": "zstd"})
    assert (response.status_code, response.headers["accept-encoding"]) == (415, "gzip, deflate")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "deflate, gzip"])
def test_a_decompressed_body_beyond_the_limit_is_refused(client_of: Make, encoding: str) -> None:
    bomb = json.dumps({"image": "A" * 3_000_000}).encode()
    packed = {"gzip": gzip.compress(bomb), "deflate": zlib.compress(bomb)}
    packed["deflate, gzip"] = gzip.compress(packed["deflate"])
    response = client_of(max_body_bytes=20_000).post(
        "/predict", content=packed[encoding], headers=GZIP | {"Content-Encoding": encoding}
    )
    assert len(packed[encoding]) < 20_000
    assert (response.status_code, response.json()["detail"]) == (
        413,
        "The decompressed body has more than 20,000 bytes",
    )


def test_a_body_of_exactly_the_limit_is_decompressed(client_of: Make) -> None:
    client = client_of(max_body_bytes=2000)
    for size, status in ((2000, 200), (2001, 413)):
        body = gzip.compress(JSON + b" " * (size - len(JSON)))
        assert client.post("/predict", content=body, headers=GZIP).status_code == status


@pytest.mark.parametrize("way", ["gzip", "PNG", "form", "compressed form"])
def test_every_body_obeys_the_limit_of_bytes(client_of: Make, way: str) -> None:
    body, headers = WAYS[way]
    client = client_of(max_body_bytes=1000)
    response = client.post("/predict", content=body + b"\0" * 1000, headers=headers)
    assert response.status_code == 413


@pytest.mark.parametrize("way", ["gzip", "PNG", "form", "compressed form"])
def test_every_body_needs_the_token(client_of: Make, way: str) -> None:
    body, headers = WAYS[way]
    client = client_of(token="secret")
    assert client.post("/predict", content=body, headers=headers).status_code == 401
    allowed = client.post("/predict", content=body, headers=headers | {"Authorization": "Bearer secret"})
    assert allowed.status_code == 200


def test_every_body_obeys_the_limit_of_pixels(client_of: Make) -> None:
    client = client_of(max_pixels=80_000)
    large = png(np.eye(300) * 255)
    for body, headers in [
        (large, {"Content-Type": "image/png"}),
        (form((PART, large)), FORM),
        (gzip.compress(json.dumps({"image": base64_of(large)}).encode()), GZIP),
    ]:
        response = client.post("/predict", content=body, headers=headers)
        assert response.status_code == 422
        assert "300 x 300 pixels, expected at most 80,000" in response.json()["detail"]


def test_a_form_obeys_the_limit_of_images(client_of: Make) -> None:
    client = client_of(max_images=2)
    three = [("images", ("a.png", FILE, "image/png"))] * 3
    assert client.post("/predict/batch", files=three[:2]).status_code == 200
    response = client.post("/predict/batch", files=three)
    assert response.status_code == 413
    assert response.json()["detail"].startswith("The form has more than 2 images")


def test_a_form_with_very_many_parts_is_refused_early(client: TestClient) -> None:
    response = client.post("/predict/batch", content=form(*[(PART, b"x")] * 9000), headers=FORM)
    assert response.status_code == 413


def test_images_of_every_kind_are_monitored(client: TestClient) -> None:
    kinds = ["gzip", "PNG", "form"]
    noted: list[int] = []
    client.service.drift.note = lambda images, *_: noted.append(len(images))  # type: ignore[attr-defined]
    for way in kinds:
        body, headers = WAYS[way]
        client.post("/predict", content=body, headers=headers)
    assert noted == [1] * len(kinds)


def test_every_accepted_type_is_in_the_description(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/predict", "/explain", "/predict/batch"):
        content = paths[path]["post"]["requestBody"]["content"]
        assert {"application/json", "multipart/form-data", "application/octet-stream"} <= content.keys()
        assert {"image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff"} <= content.keys()
        assert "415" in paths[path]["post"]["responses"]


@pytest.fixture(scope="module")
def photograph() -> bytes:
    """A photograph of 12 megapixels of a digit on paper, with the noise of a camera."""
    shape = (3000, 4000)
    ink = np.asarray(Image.fromarray(SEVEN).resize(shape[::-1], Image.Resampling.BICUBIC), np.float32)
    noise = np.random.default_rng(0).normal(0, 6, shape).astype(np.float32)
    file = io.BytesIO()
    Image.fromarray((220 - 0.8 * ink + noise).clip(0, 255).astype(np.uint8)).convert("RGB").save(
        file, "JPEG", quality=93
    )
    return file.getvalue()


def test_a_photograph_of_a_phone_is_answered_in_every_kind_of_body(client: TestClient, photograph: bytes) -> None:
    assert 3_000_000 < len(photograph) < 12_000_000
    text = json.dumps({"image": base64_of(photograph)}).encode()
    expected = client.post("/predict", json={"image": base64_of(png(decode_image(photograph)))}).json()["prediction"]
    for body, headers in [
        (photograph, {"Content-Type": "image/jpeg"}),
        (photograph, {}),
        (form((PART, photograph)), FORM),
        (text, {"Content-Type": "application/json"}),
        (gzip.compress(text, 1), GZIP),
    ]:
        for path in ("/predict", "/explain"):
            response = client.post(path, content=body, headers=headers)
            assert (response.status_code, response.json().get("prediction")) == (200, expected)


def test_an_image_that_takes_much_memory_is_refused_in_every_kind_of_body(client: TestClient) -> None:
    file = io.BytesIO()
    Image.new("RGB", (2000, 2000)).save(file, "WEBP", lossless=True)
    content = file.getvalue()
    for body, headers in [
        (content, {"Content-Type": "image/webp"}),
        (form((PART, content)), FORM),
        (gzip.compress(json.dumps({"image": base64_of(content)}).encode()), GZIP),
    ]:
        response = client.post("/predict", content=body, headers=headers)
        assert response.status_code == 422
        assert "take about 72 MB to decode, expected at most 48 MB: send it as a JPEG file" in response.json()["detail"]
