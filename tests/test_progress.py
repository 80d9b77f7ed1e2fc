import io
import logging
import sys
import threading
import time

import pytest
from rich.console import Console

from mnist_growth import progress
from mnist_growth.progress import Progress


@pytest.fixture
def shown():
    """A display that is closed at the end, and the terminal that it writes to."""
    display, written = Progress(), io.StringIO()
    yield display, Console(file=written, force_terminal=True, width=60), written
    display.close()


@pytest.fixture
def in_log(caplog, monkeypatch):
    """A display that is not in a terminal, and logs a step after a tenth of a second."""
    monkeypatch.setattr(progress, "LONG", 0.1)
    monkeypatch.setattr(progress.logger, "propagate", True)
    caplog.set_level(logging.INFO, progress.logger.name)
    display = Progress()
    display.open(Console(file=io.StringIO()))
    yield display, caplog
    display.close()


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_terminal_shows_a_step_and_its_counts_while_it_lasts(shown):
    display, console, written = shown
    display.open(console)

    display.begin("analyse: find nearest")
    display.count(2_000, 10_000)
    wait_for(lambda: "analyse: find nearest (2,000 of 10,000, 0 s)" in written.getvalue())
    display.begin("analyse: intervene")
    wait_for(lambda: "analyse: intervene (0 s)" in written.getvalue())
    display.end()
    time.sleep(0.3)
    end = len(written.getvalue())
    time.sleep(0.6)

    assert "analyse" not in written.getvalue()[end:]


def test_a_step_shows_the_seconds_that_it_has_taken(shown):
    display, console, written = shown
    display.open(console)
    display.begin("evaluate: predict")

    wait_for(lambda: "evaluate: predict (1 s)" in written.getvalue())


def test_messages_of_the_log_appear_unbroken_above_the_step(shown, monkeypatch):
    display, console, written = shown
    monkeypatch.setattr(sys, "stdout", written)
    handler = logging.StreamHandler(written)
    logger = logging.getLogger("mnist_growth")
    logger.addHandler(handler)
    try:
        display.open(console)
        display.begin("evaluate: predict")
        wait_for(lambda: "evaluate: predict" in written.getvalue())
        message = "a long message [0] " + "with a command " * 10
        logger.warning("%s", message)
        display.close()
    finally:
        logger.removeHandler(handler)

    assert f"\x1b[2K{message}\n" in written.getvalue()
    assert handler.stream is written


def test_each_thread_has_a_step(shown):
    display, console, written = shown
    display.open(console)
    display.begin("evaluate: predict")
    begun, finish = threading.Event(), threading.Event()

    def other():
        display.begin("train: measure layers")
        begun.set()
        finish.wait()
        display.end()

    thread = threading.Thread(target=other)
    thread.start()
    begun.wait()
    wait_for(lambda: "train: measure layers (0 s)" in written.getvalue())
    finish.set()
    thread.join()

    assert [step.name for step in display._steps.values()] == ["evaluate: predict"]


def test_a_log_gets_only_steps_that_take_long_and_each_of_them_once(in_log):
    display, caplog = in_log

    display.begin("evaluate: measure")
    display.begin("evaluate: predict")
    time.sleep(0.5)

    assert caplog.messages == ["evaluate: predict ..."]


def test_a_log_gets_a_very_long_step_again_with_its_counts(in_log, monkeypatch):
    display, caplog = in_log
    monkeypatch.setattr(progress, "AGAIN", 0.3)

    display.begin("analyse: intervene")
    display.count(3, 60)
    wait_for(lambda: len(caplog.messages) == 2)

    assert caplog.messages == ["analyse: intervene ...", "analyse: intervene (3 of 60, 0 s) ..."]


def test_a_script_that_reads_the_answer_of_a_command_does_not_read_its_first_step(caplog, monkeypatch):
    monkeypatch.setattr(progress, "LONG", 0.1)
    monkeypatch.setattr(progress.logger, "propagate", True)
    caplog.set_level(logging.INFO, progress.logger.name)
    monkeypatch.setattr("rich.get_console", lambda: Console(file=io.StringIO()))

    with progress.shown("load libraries"):
        time.sleep(0.3)
        assert caplog.messages == []
        progress.begin("evaluate: predict")
        wait_for(lambda: caplog.messages == ["evaluate: predict ..."])


def test_nothing_is_kept_where_nothing_is_shown():
    display = Progress()

    display.begin("train: train network")
    display.count(1, 2)
    display.end()

    assert not display._steps


def test_items_are_counted_as_they_are_taken(monkeypatch):
    counts = []
    monkeypatch.setattr(progress._progress, "count", lambda done, total: counts.append((done, total)))

    assert list(progress.track("abc", 5, size=2)) == ["a", "b", "c"]

    assert counts == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_a_command_shows_its_first_step_until_it_ends(monkeypatch):
    console = Console(file=io.StringIO(), force_terminal=True)
    monkeypatch.setattr("rich.get_console", lambda: console)

    with progress.shown("load libraries"):
        assert [step.name for step in progress._progress._steps.values()] == ["load libraries"]

    assert not progress._progress._steps
    assert "\x1b[?25h" in console.file.getvalue()  # the cursor is visible again
