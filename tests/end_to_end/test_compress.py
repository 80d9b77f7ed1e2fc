"""`kedro run --pipeline compress`, and what is done with the network that it chooses."""

import json

import numpy as np
import pandas as pd
from PIL import Image

from mnist_growth.digits import sample_digits
from mnist_growth.network import load_network

SMOKE = ("run", "--env", "smoke", "--pipeline")
NETWORK = "06_models/network.safetensors"


def test_the_chosen_network_is_the_newest_and_is_evaluated_and_predicts(trained, mlflow, tmp_path):
    [source] = trained.versions(NETWORK)
    trained.succeed(*SMOKE, "compress", "--params", "compress.max_bytes=40000")
    record = mlflow(trained)
    source, newest = trained.versions(NETWORK)
    table = pd.read_parquet(trained.path("08_reporting/compression.parquet"))
    chosen, original = (load_network(trained.path(NETWORK, version)) for version in (newest, source))

    assert chosen.source == original.sha256
    assert trained.path(NETWORK, newest).stat().st_size <= 40_000
    assert trained.path(NETWORK, newest).stat().st_size in set(table["bytes"])
    assert {"compression_metrics.json", "tables/compression.csv"} <= record.artifacts(record.runs()[0])

    trained.succeed(*SMOKE, "evaluate")
    metrics = json.loads(trained.path("08_reporting/test_metrics.json").read_text())
    assert metrics["network_sha256"] == chosen.sha256
    assert metrics["accuracy"] in set(table["accuracy"])

    images = tmp_path / "images"
    images.mkdir()
    for number, image in enumerate(sample_digits().test.images[:3]):
        Image.fromarray(np.asarray(image)).save(images / f"{number}.png")
    trained.succeed(*SMOKE, "predict", "--params", f"predict.folder={images}")

    refused = trained.kedro(*SMOKE, "compress")
    assert refused.code == 1
    assert f"The network {newest} is already compressed" in refused.stderr
    smaller = ("--load-versions", f"network:{source}", "--params", "compress.max_bytes=100")
    refused = trained.kedro(*SMOKE, "compress", *smaller)  # the candidates are there already
    assert refused.code == 1
    assert "No candidate meets compress.max_bytes=100" in refused.stderr
