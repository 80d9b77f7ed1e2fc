import io

import pandas as pd

from mnist_growth.batch.spreadsheet import for_spreadsheet


def test_texts_stay_in_their_rows_and_are_no_formulas():
    names = [
        "a\rb.png",
        "=1+1.png",
        "+a",
        "-b",
        "@c",
        "\td",
        "plain.png",
        "e=f",
        'with "quotes", and\nlines',
        "bell\x07",
    ]
    table = pd.DataFrame({"name": pd.Series(names, dtype="str"), "prediction": range(10)})

    read = pd.read_csv(io.StringIO(for_spreadsheet(table).to_csv(index=False)))

    assert read["name"].tolist() == [
        "a\\x0db.png",
        "'=1+1.png",
        "'+a",
        "'-b",
        "'@c",
        "'\td",
        "plain.png",
        "e=f",
        'with "quotes", and\nlines',
        "bell\\x07",
    ]
    assert read["prediction"].tolist() == list(range(10))
    assert table["name"].tolist() == names
