"""What the service answers."""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, get_args

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image
from served import Source, base64_of, png

import configured
from detectors import untrained_detector
from mnist_growth.digits import Preparation, canonical_form, sample_digits
from mnist_growth.digits.preparation import Ink
from mnist_growth.inspection import explanation
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.network.probabilities import softmax
from mnist_growth.novelty import novelty_of
from mnist_growth.serving.attribution import ServedMethod

TEST = sample_digits().test
IMAGES = TEST.images
Make = Callable[..., TestClient]


@pytest.fixture
def client(client_of: Make) -> TestClient:
    return client_of()


def test_the_digits_of_mnist_get_the_labels_that_evaluation_gives(
    client: TestClient, trained: TrainedNetwork, texts: list[str]
) -> None:
    expected = predict_logits(trained.network, IMAGES).argmax(axis=1)
    found = [client.post("/predict", json={"image": text}).json()["prediction"] for text in texts]
    assert (expected == TEST.labels).mean() > 0.85
    np.testing.assert_array_equal(found, expected)


def test_an_answer_has_everything_in_it(client: TestClient, texts: list[str]) -> None:
    response = client.post("/predict", json={"image": texts[0]})
    answer = response.json()
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    known = {"prediction", "class_name", "confidence", "probabilities", "doubt", "novelty", "model_version"}
    assert answer.keys() == known
    assert answer["model_version"] == "1"
    assert sum(answer["probabilities"]) == pytest.approx(1)
    assert answer["confidence"] == max(answer["probabilities"]) == answer["probabilities"][answer["prediction"]]


def test_an_answer_says_what_is_doubtful(client_of: Make) -> None:
    digits = [np.pad(image.repeat(4, axis=0).repeat(4, axis=1), 20) for image in IMAGES[:3]]
    images = [base64_of(png(image)) for image in (digits[0], np.hstack(digits))]
    sure, unsure = client_of(min_confidence=0.0), client_of(min_confidence=1.0)
    assert [sure.post("/predict", json={"image": image}).json()["doubt"] for image in images] == [
        None,
        ["several digits (3)"],
    ]
    batch = sure.post("/predict/batch", json={"images": images}).json()["predictions"]
    assert [answer["doubt"] for answer in batch] == [None, ["several digits (3)"]]
    assert unsure.post("/explain", json={"image": images[1]}).json()["doubt"] == [
        "several digits (3)",
        "low confidence",
    ]


def test_an_image_with_several_pages_is_refused(client: TestClient) -> None:
    file = io.BytesIO()
    Image.fromarray(IMAGES[0]).save(file, "TIFF", save_all=True, append_images=[Image.fromarray(IMAGES[1])])
    response = client.post("/predict", json={"image": base64_of(file.getvalue())})
    assert response.status_code == 422
    assert "The image file has several pages, expected one" in response.json()["detail"]


def encodings() -> dict[str, str]:
    large = np.pad(np.asarray(Image.fromarray(IMAGES[0]).resize((400, 400))), 40)
    jpeg = io.BytesIO()
    Image.fromarray(255 - large).save(jpeg, "JPEG")
    return {
        "784 bytes": base64_of(IMAGES[0].tobytes()),
        "inverted": base64_of(png(255 - IMAGES[0])),
        "large": base64_of(png(large)),
        "JPEG": base64_of(jpeg.getvalue()),
        "data URL": "data:image/png;base64," + base64_of(png(IMAGES[0])),
    }


@pytest.mark.parametrize("encoding", encodings())
def test_every_way_to_send_a_digit_gives_the_same_answer(client: TestClient, encoding: str, texts: list[str]) -> None:
    expected = client.post("/predict", json={"image": texts[0]}).json()["prediction"]
    assert client.post("/predict", json={"image": encodings()[encoding]}).json()["prediction"] == expected


def test_a_batch_gets_the_answers_of_its_images(client: TestClient, texts: list[str]) -> None:
    answer = client.post("/predict/batch", json={"images": texts[:100]}).json()
    one_by_one = [client.post("/predict", json={"image": text}).json() for text in texts[:100]]
    assert answer["model_version"] == "1"
    for found, expected in zip(answer["predictions"], one_by_one, strict=True):
        assert found["prediction"] == expected["prediction"]
        np.testing.assert_allclose(found["probabilities"], expected["probabilities"], atol=1e-6)


def test_an_explanation_shows_the_image_that_the_network_sees(client: TestClient) -> None:
    large = np.pad(np.asarray(Image.fromarray(IMAGES[3]).resize((200, 200))), 20)
    answer = client.post("/explain", json={"image": base64_of(png(255 - large))}).json()
    np.testing.assert_array_equal(np.reshape(answer["image"], (28, 28)), canonical_form(large))
    influence = np.abs(answer["saliency"])
    assert influence.max() == 1
    assert (influence[np.array(answer["image"]) == 0] == 0).all()


BAD = {
    "no image file": ("AAAA", "The 3 bytes are not an image"),
    "an empty page": (base64_of(bytes(784)), "The image shows nothing"),
}


@pytest.mark.parametrize("path", ["/predict", "/explain"])
@pytest.mark.parametrize("case", BAD)
def test_what_shows_no_digit_is_answered_with_a_sentence(client: TestClient, path: str, case: str) -> None:
    text, sentence = BAD[case]
    response = client.post(path, json={"image": text})
    assert response.status_code == 422
    assert sentence in response.json()["detail"]


def test_a_bad_image_of_a_batch_is_named(client: TestClient, texts: list[str]) -> None:
    response = client.post("/predict/batch", json={"images": [texts[0], "AAAA"]})
    assert response.status_code == 422
    assert response.json()["detail"].startswith("images[1]: The 3 bytes are not an image")


def test_more_images_than_allowed_are_refused(client_of: Make, texts: list[str]) -> None:
    response = client_of(max_images=2).post("/predict/batch", json={"images": texts[:3]})
    assert (response.status_code, response.json()["detail"]) == (413, "The request has 3 images; expected at most 2")


def test_too_many_pixels_are_refused(client_of: Make) -> None:
    content = base64_of(png(np.eye(300) * 255))
    response = client_of(max_pixels=80_000).post("/predict", json={"image": content})
    assert response.status_code == 422
    assert "300 x 300 pixels, expected at most 80,000" in response.json()["detail"]


@pytest.mark.parametrize("ink", ["light", "dark"])
def test_images_are_prepared_as_those_of_the_training(
    client_of: Make, source: Source, trained: TrainedNetwork, ink: Ink
) -> None:
    source.trained = replace(trained, preparation=Preparation(form="as_is", ink=ink))
    client = client_of()
    corner = np.roll(IMAGES[0], (-5, 6), axis=(0, 1))
    content = base64_of(png(255 - corner if ink == "dark" else corner))
    expected = predict_logits(trained.network, corner[None])[0]
    found = client.post("/predict", json={"image": content}).json()
    assert found["prediction"] == expected.argmax()
    np.testing.assert_allclose(found["probabilities"], softmax(expected[None])[0], atol=1e-6)
    explained = client.post("/explain", json={"image": content}).json()
    np.testing.assert_array_equal(np.reshape(explained["image"], (28, 28)), corner)


def test_the_model_is_described(client_of: Make, source: Source, trained: TrainedNetwork) -> None:
    source.options["confusion"] = np.eye(10, dtype=int).tolist()
    answer = client_of().get("/model").json()
    assert answer["dataset"] == "sample"
    assert answer["hidden_widths"] == [32]
    assert answer["parameters"] == trained.network.parameter_count
    assert answer["confusion"][3][3] == 1


def test_metrics_count_requests_batches_and_digits(client: TestClient, texts: list[str]) -> None:
    def value(line: str) -> float:
        values = dict(row.rsplit(" ", 1) for row in client.get("/metrics").text.splitlines() if row[0] != "#")
        return float(values.get(line, 0))

    lines = ('mnist_growth_requests_total{path="/predict",status="200"}', "mnist_growth_batch_images_sum")
    before = [value(line) for line in lines]
    for text in texts[:5]:
        client.post("/predict", json={"image": text})
    assert [value(line) for line in lines] == [count + 5 for count in before]
    client.get("/no/such/path/1")
    assert value('mnist_growth_requests_total{path="other",status="404"}') >= 1


def test_a_reload_brings_the_next_version(client_of: Make, texts: list[str]) -> None:
    client = client_of(token="secret")
    headers = {"Authorization": "Bearer secret"}
    response = client.post("/model/reload", headers=headers)
    assert response.json() == {"version": "2", "previous": "1"}
    assert client.post("/predict", json={"image": texts[0]}, headers=headers).json()["model_version"] == "2"


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ValueError("the file is damaged"), "the file is damaged"),
        (RuntimeError("while parsing\n  a mapping"), "RuntimeError: while parsing a mapping"),  # an invalid catalog
    ],
)
def test_a_reload_that_fails_leaves_the_old_network(
    client_of: Make, source: Source, texts: list[str], failure: Exception, reason: str
) -> None:
    client = client_of(token="secret")
    source.failure = failure
    headers = {"Authorization": "Bearer secret"}
    response = client.post("/model/reload", headers=headers)
    assert response.status_code == 409
    assert response.json()["detail"] == f"The network could not be loaded: {reason}"
    assert client.post("/predict", json={"image": texts[0]}, headers=headers).json()["model_version"] == "1"


def test_nobody_reloads_a_service_without_a_token(client: TestClient) -> None:
    assert client.post("/model/reload").status_code == 403


@pytest.mark.parametrize("path", ["/", "/docs", "/page/page.js", "/page/page.css", "/page/docs.js"])
def test_pages_take_nothing_from_elsewhere(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert "://" not in response.text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", ["..%2Fapp.py", "%2e%2e/app.py", "nothing.js", "page"])
def test_other_files_are_not_handed_out(client: TestClient, name: str) -> None:
    assert client.get(f"/page/{name}").status_code == 404


def test_the_interface_is_described(client: TestClient) -> None:
    description: dict[str, Any] = client.get("/openapi.json").json()
    assert {
        "/predict",
        "/predict/batch",
        "/explain",
        "/model",
        "/model/reload",
        "/health",
        "/ready",
        "/metrics",
    } <= set(description["paths"])
    example = description["components"]["schemas"]["ImageRequest"]["properties"]["image"]["examples"][0]
    assert client.post("/predict", json={"image": example}).json()["prediction"] == 7


def test_other_sites_may_not_use_it_unless_they_are_named(client_of: Make, texts: list[str]) -> None:
    origin = {"Origin": "https://example.org"}
    closed = client_of().post("/predict", json={"image": texts[0]}, headers=origin)
    opened = client_of(cors_origins=["https://example.org"]).post("/predict", json={"image": texts[0]}, headers=origin)
    assert "access-control-allow-origin" not in closed.headers
    assert opened.headers["access-control-allow-origin"] == "https://example.org"


def test_novelty_is_that_of_the_detector(client_of: Make, source: Source, trained: TrainedNetwork) -> None:
    images = sample_digits().test.images[:6]
    detector = untrained_detector(trained, sample_digits().train.images[:200])
    expected = novelty_of(trained, detector)(images).tolist()
    assert client_of().post("/predict", json={"image": base64_of(png(images[2]))}).json()["novelty"] is None
    source.options["detector"] = (detector, configured.novelty(accepted_fraction=float(np.median(expected))))
    client = client_of()

    texts = [base64_of(png(image)) for image in images]
    one = client.post("/predict", json={"image": texts[2]}).json()
    several = client.post("/predict/batch", json={"images": texts}).json()
    explained = client.post("/explain", json={"image": texts[2]}).json()

    assert [answer["novelty"] for answer in several["predictions"]] == pytest.approx(expected)
    assert one["novelty"] == explained["novelty"] == pytest.approx(expected[2])
    marked = ["not a digit" in (answer["doubt"] or []) for answer in several["predictions"]]
    assert marked == [score > np.median(expected) for score in expected]
    assert 0 < sum(marked) < len(marked)


@pytest.mark.parametrize("method", get_args(ServedMethod))
def test_an_explanation_is_by_the_method_that_is_asked_for(
    client: TestClient, trained: TrainedNetwork, texts: list[str], method: ServedMethod
) -> None:
    pixels = torch.from_numpy(IMAGES[:1].astype(np.float32))
    digit = torch.from_numpy(predict_logits(trained.network, IMAGES[:1]).argmax(axis=1))
    expected = {
        "gradient_times_input": partial(explanation.gradient_times_input),
        "saliency": partial(explanation.saliency),
        "integrated_gradients": partial(explanation.integrated_gradients, baseline=torch.zeros(28, 28), steps=32),
        "occlusion": partial(explanation.occlusion, side=4, stride=2),
    }[method](trained.network, pixels, digit)[0].flatten()
    in_query = client.post("/explain", params={"method": method}, json={"image": texts[0]}).json()
    in_body = client.post("/explain?method=saliency", json={"image": texts[0], "method": method}).json()
    file = client.post(f"/explain?method={method}", content=png(IMAGES[0]), headers={"Content-Type": "image/png"})
    assert in_query == in_body == file.json()
    assert in_query["method"] == method
    np.testing.assert_allclose(in_query["saliency"], expected / expected.abs().max(), atol=1e-3)


def test_the_default_explanation_is_gradient_times_input(client: TestClient, texts: list[str]) -> None:
    answers = [client.post("/explain", json={"image": texts[0], **more}).json() for more in ({}, {"method": None})]
    assert [answer["method"] for answer in answers] == ["gradient_times_input"] * 2


def test_an_unknown_method_is_refused_with_a_list_of_the_valid_ones(client: TestClient, texts: list[str]) -> None:
    query = client.post("/explain?method=lime", json={"image": texts[0]})
    body = client.post("/explain", json={"image": texts[0], "method": "lime"})
    number = client.post("/explain", json={"image": texts[0], "method": 3})
    assert (query.status_code, body.status_code, number.status_code) == (422, 422, 422)
    for name in get_args(ServedMethod):
        assert all(name in answer.json()["detail"] for answer in (query, body, number))
    assert client.post("/predict", json={"image": texts[0], "method": "saliency"}).status_code == 422
