import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mnist_growth.batch import Picture, open_source, predict_pictures, read_results, write_results
from mnist_growth.batch import prediction as prediction_module
from mnist_growth.batch.prediction import columns
from mnist_growth.digits import DIGIT_NAMES, MNIST_PREPARATION, canonical_form, measure_style
from mnist_growth.evaluation import prediction_table
from mnist_growth.evaluation.doubt import DoubtLimits


def predicted(pictures, logits, **options):
    return predict_pictures(pictures, logits, MNIST_PREPARATION.apply, DIGIT_NAMES, **options)


@pytest.fixture(params=[3, 500])
def part(request, monkeypatch):
    monkeypatch.setattr(prediction_module, "PART", request.param)
    return request.param


def test_images_are_predicted_in_the_form_of_mnist(folder, logits, part):
    parts = list(predicted(open_source(str(folder)), logits))
    table = pd.concat([part.predictions for part in parts], ignore_index=True)

    readable = [picture for picture in open_source(str(folder)) if picture.pixels is not None]
    readable = [picture for picture in readable if picture.name != "blank.png"]
    forms = np.stack([canonical_form(picture.pixels) for picture in readable])
    expected = prediction_table(logits(forms))
    assert list(table.columns) == columns(10)
    assert table["name"].tolist() == [picture.name for picture in readable]
    assert table["prediction"].tolist() == expected["prediction"].tolist()
    assert table["confidence"].to_numpy() == pytest.approx(expected["confidence"].to_numpy())
    assert table["thickness"].tolist() == measure_style(forms).thickness.tolist()
    assert table["pixel_mean"].tolist() == [picture.pixels.mean() / 255 for picture in readable]
    assert table["pixel_mean"].iloc[-2] > 0.5  # the large one is dark on light
    assert table["ink"].max() < 0.5


def test_unreadable_images_are_reported_and_skipped(folder, logits, part):
    parts = list(predicted(open_source(str(folder)), logits))
    unreadable = pd.concat([part.unreadable for part in parts]).set_index("name")["reason"]

    assert set(unreadable.index) == {"notes.txt", "empty.png", "b/cut.png", "blank.png"}
    assert "shows nothing" in unreadable["blank.png"]


def test_novelty_belongs_to_the_image_in_its_row(folder, logits, part):
    def brightest_column(images):
        return images.astype(np.float64).sum(axis=1).argmax(axis=1) / 28

    parts = predicted(open_source(str(folder)), logits, novelty=brightest_column)
    table = pd.concat([part.predictions for part in parts], ignore_index=True)
    names = {picture.name: picture.pixels for picture in open_source(str(folder)) if picture.pixels is not None}
    expected = [brightest_column(canonical_form(names[name])[np.newaxis])[0] for name in table["name"]]
    assert table["novelty"].tolist() == expected
    assert len(set(expected)) > 1


def test_a_novel_image_is_doubtful(digits, logits):
    pictures = [Picture(str(number), digit) for number, digit in enumerate(digits[:4])]
    scores = np.array([0.5, 0.95, 0.96, 1.0])
    limits = DoubtLimits(max_novelty=0.95)
    [part] = predicted(pictures, logits, novelty=lambda _: scores, limits=limits)
    assert part.predictions["doubt"].tolist() == ["", "", "not a digit", "not a digit"]


def test_without_a_detector_novelty_is_not_known(folder, logits):
    parts = predicted(open_source(str(folder)), logits)
    assert pd.concat([part.predictions for part in parts])["novelty"].isna().all()


def test_strict_stops_at_the_first_unreadable_image(folder, logits):
    with pytest.raises(ValueError, match=r"^Cannot predict b/cut\.png: .*, or leave out predict\.strict to skip it$"):
        list(predicted(open_source(str(folder)), logits, strict=True))


def test_images_are_read_one_part_at_a_time(digits, logits, part):
    taken = []

    def pictures():
        for position, digit in enumerate(digits):
            taken.append(position)
            yield Picture(str(position), digit)

    parts = predicted(pictures(), logits)

    assert len(next(parts).predictions) == min(part, 30) == len(taken)


def test_results_are_written_as_parquet_and_csv_and_read_again(folder, logits, part, tmp_path):
    expected = pd.concat([part.predictions for part in predicted(open_source(str(folder)), logits)])
    written = write_results(tmp_path / "results", predicted(open_source(str(folder)), logits))

    again = read_results(tmp_path / "results")
    table = pd.concat(again.tables(rows=2), ignore_index=True)
    texts = dict.fromkeys(("name", "class_name", "doubt"), str)
    csv = pd.read_csv(tmp_path / "results" / "predictions.csv", dtype=texts)
    csv["doubt"] = csv["doubt"].fillna("")
    unreadable = pd.read_csv(tmp_path / "results" / "unreadable.csv")
    assert written == again
    assert (again.predicted, again.unreadable) == (7, 4)
    pd.testing.assert_frame_equal(table, expected.reset_index(drop=True), check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "results" / "predictions.parquet"), table)
    pd.testing.assert_frame_equal(csv, table, check_dtype=False, rtol=1e-5)
    assert set(unreadable.columns) == {"name", "reason"}
    assert len(unreadable) == 4


def test_doubtful_predictions_are_marked_and_counted(tmp_path, digits, logits):
    large = [np.pad(digit.repeat(4, axis=0).repeat(4, axis=1), 20) for digit in digits[:3]]
    pictures = [
        Picture("one", digits[0]),
        Picture("two", np.hstack(large[:2])),
        Picture("three", np.hstack(large)),
        Picture("cut", large[0][40:]),
    ]

    results = write_results(tmp_path / "results", predicted(pictures, logits))

    [table] = results.tables()
    assert table["doubt"].tolist() == ["", "several digits (2)", "several digits (3)", "touches the border"]
    assert (results.doubtful, results.doubts) == (3, {"several digits": 2, "touches the border": 1})
    assert read_results(results.folder) == results


@pytest.mark.parametrize(("min_confidence", "share"), [(0.0, 0), (1.0, 1)])
def test_a_confidence_below_the_limit_is_a_doubt(digits, logits, min_confidence, share):
    pictures = [Picture(str(number), digit) for number, digit in enumerate(digits)]

    [part] = predicted(pictures, logits, limits=DoubtLimits(min_confidence))

    assert (part.predictions["doubt"] == "low confidence").mean() == share


def test_every_page_of_a_file_is_predicted(tmp_path, digits, logits):
    first, *others = (Image.fromarray(digit) for digit in digits[:10])
    first.save(tmp_path / "scan.tif", save_all=True, append_images=others)
    content = (tmp_path / "scan.tif").read_bytes()
    pq.write_table(pa.table({"image": [content, digits[10].tobytes()]}), tmp_path / "scans.parquet")
    (tmp_path / "scans.parquet").rename(tmp_path.parent / "scans.parquet")

    [part] = predicted(open_source(str(tmp_path)), logits)
    [cells] = predicted(open_source(str(tmp_path.parent / "scans.parquet")), logits)

    expected = prediction_table(logits(digits[:11]))["prediction"].tolist()
    assert part.predictions["name"].tolist() == [f"scan.tif#{number}" for number in range(10)]
    assert part.predictions["prediction"].tolist() == expected[:10]
    assert cells.predictions["name"].tolist() == [*(f"0#{number}" for number in range(10)), "1"]
    assert cells.predictions["prediction"].tolist() == expected


def test_a_folder_without_any_image_gives_tables_without_rows(tmp_path, logits):
    pictures = [Picture("a", None, 'broken, "quoted"\nand more')]

    results = write_results(tmp_path / "results", predicted(pictures, logits))

    assert (results.predicted, results.unreadable) == (0, 1)
    assert list(pd.read_csv(tmp_path / "results" / "predictions.csv").columns) == columns(10)
    assert pd.read_csv(tmp_path / "results" / "unreadable.csv")["reason"].tolist() == [pictures[0].error]
    assert sum(len(table) for table in results.tables()) == 0


def test_a_part_without_images_does_not_change_the_columns_of_the_others(tmp_path, digits, logits, monkeypatch):
    monkeypatch.setattr(prediction_module, "PART", 1)
    pictures = [Picture("broken", None, "no image"), Picture("fine", digits[0]), Picture("again", None, "no image")]

    results = write_results(tmp_path / "results", predicted(pictures, logits))

    [table] = [table for table in results.tables() if len(table)]
    assert table["name"].tolist() == ["fine"]
    assert table["prediction"].dtype == np.int64


def test_after_an_error_there_is_no_folder(tmp_path, folder, logits):
    with pytest.raises(ValueError, match="Cannot predict"):
        write_results(
            tmp_path / "results" / "v" / "results",
            predicted(open_source(str(folder)), logits, strict=True),
        )

    assert not (tmp_path / "results").exists()


def test_damaged_results_are_refused(tmp_path, digits, logits):
    results = write_results(tmp_path / "results", predicted([Picture("0", digits[0])], logits))
    (results.folder / "counts.json").write_text("{}")
    with pytest.raises(ValueError, match=r"counts\.json is damaged"):
        read_results(results.folder)
    path = results.folder / "predictions.parquet"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"predictions\.parquet is damaged"):
        list(results.tables())
