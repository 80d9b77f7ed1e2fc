"""Choosing the images that are most worth a label through the `kedro` command."""

import pandas as pd
from PIL import Image

from mnist_growth.digits import sample_digits

SMOKE = ("run", "--env", "smoke", "--pipeline")
IMAGES = "07_model_output/images_to_label"


def test_both_ways_of_calling_choose_the_same_images_and_errors_are_one_sentence(trained):
    folder = trained.folder / "my images"
    folder.mkdir()
    for number, digit in enumerate(sample_digits().test.images[:20]):
        Image.fromarray(digit).save(folder / f"{number}.png")
    parameters = "active.folder=my images,active.images=8"

    rankings = []
    for pipeline in ("active", "label"):
        result = trained.succeed(*SMOKE, pipeline, "--params", parameters)
        chosen = trained.path(IMAGES)
        assert "Chose 8 of the 20 images of my images with the strategy badge; they are in " in result.stdout
        rankings.append(pd.read_csv(chosen / "most_useful.csv"))
        assert len(list(chosen.glob("*.png"))) == len(rankings[-1]) == 8
    assert rankings[0].equals(rankings[1])
    assert len(trained.versions(IMAGES)) == 2
    assert not (trained.folder / "data/08_reporting/active_learning.parquet").exists()

    missing = trained.kedro(*SMOKE, "active", "--params", "active.folder=nowhere")
    assert missing.code == 1
    assert missing.stderr == (
        "Error: There is no folder or file nowhere; give one with --params active.folder=<path>\n"
    )
    configured = trained.folder / "conf/smoke/parameters_active.yml"
    configured.write_text(f"{configured.read_text()}  folder: my images\n")
    study = trained.kedro(*SMOKE, "active")
    assert study.code == 1
    assert study.stderr.startswith("Error: Parameter 'active.folder' is 'my images', but the study active does not")
    assert study.stderr.count("\n") == 1
