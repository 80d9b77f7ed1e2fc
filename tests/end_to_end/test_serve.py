"""`kedro serve`: answers as evaluation does, and says in a sentence why it cannot start."""

import base64
import io
import re
import socket

import pandas as pd
import pytest
from kedro_project import Project
from PIL import Image
from service import ask, served

from mnist_growth.digits.sample import sample_digits


def test_the_newest_network_answers_as_evaluation_does(trained: Project) -> None:
    predictions = pd.read_parquet(trained.path("07_model_output/predictions.parquet"))
    confusion = pd.read_parquet(trained.path("08_reporting/confusion_matrix.parquet"))
    texts = []
    for image in sample_digits().test.images[:150]:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        texts.append(base64.b64encode(file.getvalue()).decode())

    with served(trained) as address:
        model = ask(f"{address}/model")
        answers = [ask(f"{address}/predict", {"image": text})["prediction"] for text in texts]

    assert answers == predictions["prediction"].tolist()[:150]
    assert model["confusion"] == confusion.to_numpy().tolist()
    assert model["version"] == trained.versions("06_models/network.safetensors")[-1]


def test_a_model_of_mlflow_answers(mlflow, smoke_run) -> None:
    record = mlflow(smoke_run.project)
    [run] = record.runs()
    [model] = record.client.search_logged_models([run.info.experiment_id])

    with served(smoke_run.project, "--model", model.model_uri) as address:
        assert ask(f"{address}/model")["version"] == model.model_uri


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "There is no trained network in .*network.safetensors: create one with `kedro run --pipeline train`"),
        (["--backend", "abacus"], "Parameter 'serving.backend' is 'abacus'; expected 'auto', 'torch'"),
        (["--params", "serving.max_bach=3"], "Unknown parameter 'serving.max_bach'; did you mean"),
        (
            ["--version", "a", "--model", "b"],
            "Both --version .* and --model .* are given; give only one of them",
        ),
        (["--model", "models:/nothing/1"], "MLflow at sqlite:.* cannot provide the model 'models:/nothing/1'"),
    ],
)
def test_why_it_cannot_start_is_one_sentence(project: Project, arguments: list[str], sentence: str) -> None:
    result = project.kedro("serve", *arguments)

    assert result.code == 1
    assert re.match(f"Error: .*{sentence}", result.stderr), result
    assert result.stderr.count("\n") == 1


def test_a_port_in_use_is_named(trained: Project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = trained.kedro("serve", "--port", port)

    assert result.code == 1
    assert f"Port {port} of 127.0.0.1 is in use by another process" in result.stderr


def test_the_champion_is_served_instead_of_a_newer_network(trained: Project) -> None:
    """A network of the same digits that is less accurate on the validation digits is not the champion."""
    trained.succeed("run", "--env", "smoke", "--pipeline", "train")
    trained.succeed("run", "--env", "smoke", "--pipeline", "train", "--params", "training.epochs=1")
    first, champion, newest = trained.versions("06_models/network.safetensors")

    with served(trained) as address:
        assert ask(f"{address}/model")["version"] == champion
        output = trained.folder.with_name("trained.stdout").read_text()
        assert f"Serving network {champion} (champion): 64-64-64, dataset sample, test accuracy 9" in output
        assert "This network was trained on the 5,000 digits of the sample" in output
    with served(trained, "--version", newest) as address:
        assert ask(f"{address}/model")["version"] == newest

    refused = trained.kedro("champion", first)  # trained before there was a registry
    assert refused.stderr.startswith(f"Error: There is no registered network of version '{first}'; the registry has ")
    chosen = trained.succeed("champion", newest).stdout
    assert chosen.startswith(
        f"The champion is network {newest}: dataset sample, environment smoke, validation accuracy "
    )
    assert trained.succeed("champion").stdout == chosen
