import logging

import pytest

from mnist_growth.credentials import SafeFormatter, without_credentials
from mnist_growth.error_messages import error_message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:secret@example.org/mnist", "https://***@example.org/mnist"),
        ("https://secret@example.org", "https://***@example.org"),
        ("postgresql+psycopg://me:p%40ss@db:5432/mlflow failed", "postgresql+psycopg://***@db:5432/mlflow failed"),
        ("http://a:p@ss@b/ and http://c:d@e/f", "http://***@b/ and http://***@e/f"),
        ("https://example.org/a@b", "https://example.org/a@b"),
        ("mail me@example.org, see https://example.org/", "mail me@example.org, see https://example.org/"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
    ],
)
def test_only_user_and_password_are_removed(text, expected):
    assert without_credentials(text) == expected


def test_they_are_neither_in_errors_nor_in_the_log():
    address = "https://user:secret@example.org"
    assert error_message(ValueError(f"{address} fails")) == "https://***@example.org fails"
    try:
        raise ValueError(address)
    except ValueError as error:
        information = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "trying %s", (address,), information)
    text = SafeFormatter("%(message)s").format(record)
    assert "secret" not in text
    assert "ValueError: https://***@example.org" in text
