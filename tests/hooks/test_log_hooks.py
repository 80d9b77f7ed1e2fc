import io
import logging

import pytest

from mnist_growth.hooks import LogHooks


@pytest.mark.parametrize("name", [None, "kedro", "mnist_growth"])
def test_no_handler_writes_credentials(name):
    stream = io.StringIO()
    handler, logger = logging.StreamHandler(stream), logging.getLogger(name)
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
    logger.addHandler(handler)
    try:
        LogHooks().after_context_created()
        handler.handle(logger.makeRecord("x", logging.ERROR, "", 0, "%s fails", ("ftp://me:secret@host/",), None))
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue() == "[ERROR] ftp://***@host/ fails\n"


def test_a_log_file_that_cannot_be_written_is_named_once_and_left_out(tmp_path, caplog, monkeypatch):
    path = tmp_path / "info.log"
    path.mkdir()
    loggers = [logging.getLogger(name) for name in ("kedro", "mnist_growth")]
    handler = logging.FileHandler(path, delay=True)
    for logger in loggers:
        monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logging.getLogger("mnist_growth"), "propagate", True)

    LogHooks().after_context_created()

    assert [record.getMessage() for record in caplog.records] == [
        f"{path} cannot be written (Is a directory): this run has no log file"
    ]
    assert [logger.handlers for logger in loggers] == [[], []]


def test_a_log_file_that_can_be_written_stays(tmp_path, caplog, monkeypatch):
    handler = logging.FileHandler(tmp_path / "info.log", delay=True)
    monkeypatch.setattr(logging.getLogger("kedro"), "handlers", [handler])

    LogHooks().after_context_created()

    assert caplog.records == []
    assert logging.getLogger("kedro").handlers == [handler]
