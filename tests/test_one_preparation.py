"""Every entrance gives an image of a data set the answer that the evaluation gives it."""

import base64
import io
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

import configured
import mnist_growth as mg
from image_sets import FORMS, SAMPLE, image_set, network_for
from mnist_growth.batch import Picture, features_of, open_source, predict_pictures
from mnist_growth.digits import DigitSet, prepare, stratified_split
from mnist_growth.drift import watch
from mnist_growth.export import OnnxNetwork
from mnist_growth.network import TrainedNetwork, load_network, predict_logits, save_network
from mnist_growth.pipelines.drift.nodes import measure_reference
from mnist_growth.pipelines.evaluate.nodes import predict as evaluate
from mnist_growth.pipelines.export.nodes import export_float, export_int8
from mnist_growth.pyfunc import DigitClassifier
from mnist_growth.serving import ServedModel
from mnist_growth.serving.app import create_app
from mnist_growth.serving.service import Service

Setup = tuple[NDArray[np.uint8], DigitSet, TrainedNetwork, pd.DataFrame]


@pytest.fixture(scope="module", params=FORMS)
def setup(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """Original test images, the prepared set, a network from its file, and the predictions of the evaluation."""
    original = image_set(request.param)
    prepared = prepare(original, "auto")
    path = tmp_path_factory.mktemp("network") / "network.safetensors"
    save_network(path, network_for(prepared))
    trained = load_network(path)
    assert trained.preparation == prepared.preparation
    return original.test.images, prepared, trained, evaluate(trained, prepared.test)


def png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def test_batch_prediction(setup: Setup, tmp_path: Path) -> None:
    images, _, trained, expected = setup
    for position, image in enumerate(images):
        (tmp_path / f"{position:03}.png").write_bytes(png(image))
    parts = predict_pictures(
        open_source(str(tmp_path)),
        partial(predict_logits, trained.network),
        trained.preparation.apply,
        trained.class_names,
    )
    found = pd.concat(part.predictions for part in parts)
    assert found["prediction"].tolist() == expected["prediction"].tolist()
    assert found["confidence"].tolist() == expected["confidence"].tolist()


def test_the_service(setup: Setup) -> None:
    images, _, trained, expected = setup
    service = Service(lambda: ServedModel.of(trained, "1"), configured.serving())
    with TestClient(create_app(service)) as client:
        body = {"images": [base64.b64encode(png(image)).decode() for image in images]}
        found = client.post("/predict/batch", json=body).json()["predictions"]
    assert [answer["prediction"] for answer in found] == expected["prediction"].tolist()


def test_the_model_in_mlflow_and_the_library(setup: Setup) -> None:
    images, _, trained, expected = setup
    table = DigitClassifier(trained).predict(images)
    assert table["prediction"].tolist() == expected["prediction"].tolist()
    assert table["confidence"].tolist() == expected["confidence"].tolist()
    assert mg.predict(trained, images).tolist() == expected["prediction"].tolist()


@pytest.mark.parametrize("kind", ["float", "int8"])
def test_exported_graphs_prepare_what_they_can(setup: Setup, kind: str) -> None:
    images, prepared, trained, _ = setup
    split = stratified_split(prepared.train.labels, configured.split())
    model = (
        export_float(trained, prepared.test)
        if kind == "float"
        else export_int8(trained, prepared.train, split, configured.export())
    )
    exported = OnnxNetwork.of(model)
    assert exported.origin.preparation == prepared.preparation
    expected = exported.predict_logits(prepared.test.images)
    if kind == "float":
        logits = predict_logits(trained.network, prepared.test.images)
        np.testing.assert_allclose(expected, logits, atol=1e-4 * np.abs(logits).max())
    if prepared.preparation.form == "as_is":  # the graph takes the original images
        np.testing.assert_array_equal(exported._session.run(None, {"images": images})[0], expected)


def test_images_of_the_data_set_have_not_drifted(setup: Setup) -> None:
    _, prepared, trained, _ = setup
    config = configured.drift(window=300, min_images=50)
    split = stratified_split(prepared.train.labels, configured.split(validation_fraction=0.9))
    reference = measure_reference(trained, prepared.train, split, config)
    originals = FORMS[prepared.source](SAMPLE.train.images[:300])
    pictures = (Picture(str(row), image) for row, image in enumerate(originals))
    parts = predict_pictures(
        pictures, partial(predict_logits, trained.network), trained.preparation.apply, trained.class_names
    )
    features = features_of(pd.concat(part.predictions for part in parts))
    assert not watch(reference, [features], config)["alarm"].any()
