"""Drift of what is asked: noted while answering, measured when somebody wants to know."""

import time
from functools import partial

import numpy as np
import pytest
from served import base64_of, png

import configured
from mnist_growth.batch import Picture, features_of, predict_pictures
from mnist_growth.digits import DIGIT_NAMES, MNIST_PREPARATION, sample_digits
from mnist_growth.drift import FEATURES, DriftReference, compare
from mnist_growth.network import predict_logits
from mnist_growth.serving.drift_watch import DriftWatch

DIGITS = sample_digits()
CONFIG = configured.drift(window=100, min_images=50)


@pytest.fixture(scope="module")
def reference(trained):
    pictures = (Picture(str(number), image) for number, image in enumerate(DIGITS.test.images[:400]))
    [part] = predict_pictures(
        pictures, partial(predict_logits, trained.network), trained.preparation.apply, trained.class_names
    )
    return DriftReference.of(features_of(part.predictions), 10, 10, "ab" * 32, "sample")


def probabilities(digits, confidence=0.9):
    answers = np.full((len(digits), 10), (1 - confidence) / 9, np.float32)
    answers[np.arange(len(digits)), digits] = confidence
    return answers


def test_the_latest_images_are_compared_as_they_would_be_elsewhere(reference):
    images, digits = DIGITS.train.images[:130], DIGITS.train.labels[:130]
    watch = DriftWatch((reference, CONFIG))
    watch.note(images[:1], [0.5], probabilities(digits[:1]))
    watch.note(images[1:], [0.5] * 129, probabilities(digits[1:]))

    state = watch.state()

    assert (state.watching, state.images, state.window) == (True, 100, 100)
    by_name = {feature.feature: feature for feature in state.features}
    assert [*by_name] == [*FEATURES]
    assert {name for name, feature in by_name.items() if feature.alarm} >= {"pixel_mean"}
    pictures = (Picture(str(number), image) for number, image in enumerate(images[30:]))
    [part] = predict_pictures(pictures, lambda _: probabilities(digits[30:]), MNIST_PREPARATION.apply, DIGIT_NAMES)
    expected = {feature.feature: feature for feature in compare(reference, features_of(part.predictions), CONFIG)}
    for name in ("ink", "slant", "thickness", "digit"):
        assert by_name[name] == expected[name]


def test_nothing_is_measured_twice(reference):
    watch = DriftWatch((reference, CONFIG))
    watch.note(DIGITS.train.images[:10], [0.1] * 10, probabilities(DIGITS.train.labels[:10]))

    first = watch.state()

    assert watch.state() is first
    assert DriftWatch((reference, CONFIG)).state().features == ()


def test_noting_takes_no_time_to_speak_of(reference):
    watch = DriftWatch((reference, CONFIG))
    image, answer = DIGITS.train.images[:1], probabilities([3])

    times = []
    for _ in range(300):
        started = time.perf_counter()
        watch.note(image, [0.1], answer)
        times.append(time.perf_counter() - started)

    assert np.median(times) < 200e-6


def test_without_a_reference_nothing_is_watched(client_of, texts):
    client = client_of()
    client.post("/predict", json={"image": texts[0]})

    found = client.get("/drift").json()

    assert found == {
        "model_version": "1",
        "watching": False,
        "images": 0,
        "window": 0,
        "alarm": False,
        "features": [],
    }


def test_inverted_images_raise_an_alarm_that_everybody_hears(client_of, source, texts, reference):
    source.options["drift"] = (reference, CONFIG)
    client = client_of()
    assert client.get("/drift").json()["features"] == []
    client.post("/predict/batch", json={"images": texts[:100]})
    quiet = client.get("/drift").json()
    inverted = [base64_of(png(255 - image)) for image in DIGITS.test.images[:100]]
    for text in inverted[:3]:
        client.post("/predict", json={"image": text})
    client.post("/explain", json={"image": texts[0]})
    some = client.get("/drift").json()
    client.post("/predict/batch", json={"images": inverted})

    found = client.get("/drift").json()

    assert (quiet["watching"], quiet["images"], quiet["alarm"]) == (True, 100, False)
    assert some["images"] == 100
    assert found["alarm"]
    assert [feature["feature"] for feature in found["features"] if feature["alarm"]] == ["pixel_mean"]
    assert found["features"][0]["limits"] == {"kl": 0.8, "psi": 1.5, "ks": 0.45}
    told = client.get("/metrics").text
    assert 'mnist_growth_drift_alarm{feature="pixel_mean"} 1.0' in told
    assert 'mnist_growth_drift_alarm{feature="slant"} 0.0' in told
    psi = next(feature["psi"] for feature in found["features"] if feature["feature"] == "ink")
    assert f'mnist_growth_drift{{feature="ink",measure="psi"}} {psi}' in told


def test_a_new_network_is_watched_anew(client_of, source, texts, reference):
    source.options["drift"] = (reference, CONFIG)
    client = client_of(token="secret")
    headers = {"Authorization": "Bearer secret"}
    client.post("/predict", json={"image": texts[0]}, headers=headers)
    assert client.get("/drift", headers=headers).json()["images"] == 1

    client.post("/model/reload", headers=headers)

    assert client.get("/drift", headers=headers).json()["images"] == 0
    assert client.get("/drift").status_code == 401
