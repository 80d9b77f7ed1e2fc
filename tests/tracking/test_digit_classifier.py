"""The model in MLflow recognises the scale of the images in a message, or refuses it."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from image_sets import image_set, network_for
from mnist_growth import pyfunc
from mnist_growth.digits import prepare
from mnist_growth.network import predict_logits, save_network
from mnist_growth.tracking.model import _signature

SET = prepare(image_set("mnist"), "auto")
IMAGES = SET.test.images[:4]
TRAINED = network_for(SET)
EXPECTED = predict_logits(TRAINED.network, IMAGES).argmax(axis=1).tolist()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """MLflow's own server of a model that is saved as a run logs it."""
    folder = tmp_path_factory.mktemp("model")
    save_network(folder / "network.safetensors", TRAINED)
    with warnings.catch_warnings():  # of MLflow about its own code
        warnings.simplefilter("ignore")
        import mlflow.pyfunc
        from mlflow.pyfunc import scoring_server

        mlflow.pyfunc.save_model(
            folder / "model",
            loader_module=pyfunc.__name__,
            data_path=str(folder / "network.safetensors"),
            signature=_signature(10),
            pip_requirements=[],
        )
        return TestClient(scoring_server.init(mlflow.pyfunc.load_model(str(folder / "model"))))


def ask(client: TestClient, values: object, key: str = "inputs") -> tuple[int, str]:
    response = client.post("/invocations", json={key: values})
    return response.status_code, response.text


@pytest.mark.parametrize("key", ["inputs", "instances"])
@pytest.mark.parametrize(
    "values",
    [IMAGES.tolist(), (IMAGES / 255).tolist(), IMAGES.astype(float).tolist(), IMAGES.reshape(-1, 784).tolist()],
    ids=["integers", "fractions", "floating point", "rows"],
)
def test_every_scale_that_is_recognised_gives_the_answers_of_the_evaluation(
    client: TestClient, values: object, key: str
) -> None:
    status, text = ask(client, values, key)
    assert status == 200, text
    assert [row["prediction"] for row in json.loads(text)["predictions"]] == EXPECTED


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((IMAGES // 16).tolist(), "The grey values range from 0 to 15, expected values from 0 to 255"),
        ((IMAGES / 127.5 - 1).tolist(), "range from -1 to 1"),
        ((IMAGES.astype(int) * 257).tolist(), "if white is 65,535, divide them by 257"),
        (IMAGES[0, 0].tolist(), "The images have the shape [28], expected [N, height, width]"),
        ([IMAGES[0].tolist(), IMAGES[1, :20].tolist()], "The images differ in size"),
        (np.zeros((1, 28, 28)).tolist(), "Image 0: The image shows nothing"),
    ],
    ids=["0 to 15", "-1 to 1", "16 bits", "one row", "two sizes", "blank"],
)
def test_other_scales_and_shapes_are_refused(client: TestClient, values: object, sentence: str) -> None:
    status, text = ask(client, values)
    assert 400 <= status < 600
    assert sentence in text


def test_arrays_are_accepted_in_python(tmp_path: Path) -> None:
    save_network(tmp_path / "network.safetensors", TRAINED)
    model = pyfunc._load_pyfunc(str(tmp_path / "network.safetensors"))
    for images in (IMAGES, IMAGES.astype(np.float32) / 255):
        assert model.predict(images)["prediction"].tolist() == EXPECTED
