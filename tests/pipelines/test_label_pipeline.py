"""Choosing the images that are most worth a label, from files and arrays made by hand."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from shipped import run as run_marked
from shipped import shipped_catalog

import configured
from mnist_growth.digits import MNIST_PREPARATION, sample_digits
from mnist_growth.network import GrowingMLP, TrainedNetwork, predict_logits
from mnist_growth.pipeline_registry import register_pipelines

DIGITS = sample_digits().test.images[:12]


@pytest.fixture(scope="module")
def trained():
    """A network that has learned nothing: its answers differ, and are unsure."""
    network = GrowingMLP((8,), generator=torch.Generator().manual_seed(0)).eval()
    return TrainedNetwork(network, "sample", "0" * 64, 0)


@pytest.fixture
def pictures(tmp_path):
    """Twelve digits in two folders, the first once more, and a file that is no image."""
    folder = tmp_path / "pictures"
    for number, digit in enumerate(DIGITS):
        path = folder / "ab"[number % 2] / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(digit).save(path)
    (folder / "=copy of 0.png").write_bytes((folder / "a/00.png").read_bytes())
    (folder / "notes.txt").write_text("no image")
    return folder


def label(tmp_path, trained, source, **changes):
    """Run the pipeline; return the folder of images and its ranking."""
    given = {
        "network": trained,
        "params:active": configured.active(folder=str(source), **changes),
        "params:predict": configured.predict(),
    }
    catalog = shipped_catalog(tmp_path, "active", given=given)
    result = run_marked(register_pipelines()["label"], catalog).load("images_to_label")
    return result, pd.read_csv(result.folder / "most_useful.csv", dtype={"file": str})


def test_copies_are_bytewise_equal_and_ranks_follow_the_scores(tmp_path, trained, pictures):
    result, ranking = label(tmp_path, trained, pictures, strategy="margin", images=5)

    assert (result.chosen, result.readable, result.unreadable) == (5, 13, 1)
    assert result.network_sha256 == trained.sha256
    assert ranking["rank"].tolist() == [1, 2, 3, 4, 5]
    for row in ranking.itertuples():
        assert (result.folder / row.copy).read_bytes() == (pictures / row.file.removeprefix("'")).read_bytes()
    assert {path.suffix for path in result.folder.iterdir()} == {".png", ".csv", ".json"}
    assert len(list(result.folder.glob("*.png"))) == 5
    assert pd.read_csv(result.folder / "unreadable.csv")["name"].tolist() == ["notes.txt"]

    names = [path.relative_to(pictures).as_posix() for path in sorted(pictures.glob("[ab]/*"))]
    forms = MNIST_PREPARATION.apply_all(np.stack([np.array(Image.open(pictures / name)) for name in names]))
    logits = torch.from_numpy(predict_logits(trained.network, forms))
    two, _ = logits.softmax(dim=1).topk(2, dim=1)
    expected = dict(zip(names, (1 - two[:, 0] + two[:, 1]).tolist(), strict=True))
    expected["'=copy of 0.png"] = expected["a/00.png"]
    assert ranking["score"].tolist() == pytest.approx([expected[name] for name in ranking["file"]], abs=1e-5)
    assert ranking["score"].tolist() == pytest.approx(sorted(expected.values(), reverse=True)[:5], abs=1e-5)


def test_badge_chooses_a_copy_of_an_image_after_all_others(tmp_path, trained, pictures):
    _, ranking = label(tmp_path, trained, pictures, strategy="badge", images=100)

    assert len(ranking) == 13
    assert ranking["file"].iloc[-1] in ("'=copy of 0.png", "a/00.png")
    assert ranking["score"].idxmax() == 0


def test_images_of_an_array_become_png_files_with_their_pixels(tmp_path, trained):
    path = tmp_path / "digits.npy"
    np.save(path, DIGITS)

    result, ranking = label(tmp_path, trained, path, strategy="random", images=10)

    assert ranking["copy"].tolist() == [f"{row.rank:02d}_{row.file}.png" for row in ranking.itertuples()]
    assert ranking["score"].isna().all()
    for row in ranking.itertuples():
        assert np.array_equal(np.array(Image.open(result.folder / row.copy)), DIGITS[int(row.file)])


def test_a_folder_without_a_readable_image_is_refused_and_leaves_nothing(tmp_path, trained):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "notes.txt").write_text("no image")

    with pytest.raises(ValueError, match=r"None of the 1 images of .*texts can be read, such as notes\.txt: .*"):
        label(tmp_path, trained, tmp_path / "texts")
    assert not (tmp_path / "data").exists()
