import os
import signal
import threading

import pytest

from mnist_growth.machine import (
    Terminated,
    exit_code,
    exit_on_signals,
    raise_for_signal,
    raise_on_signals,
    stop_on_request,
    stop_reason,
)

SIGNALS = [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated), (signal.SIGHUP, Terminated)]


@pytest.fixture(autouse=True)
def hangup():
    """The tests may run in a session that ignores SIGHUP."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def test_no_signal_makes_no_request():
    with stop_on_request() as stop:
        stop.raise_if_requested()
    assert stop.signal is None


@pytest.mark.parametrize(("number", "expected"), SIGNALS)
def test_the_first_signal_makes_a_request_and_the_second_stops_immediately(number, expected):
    before = {each: signal.signal(each, raise_for_signal) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with stop_on_request() as stop:
            os.kill(os.getpid(), number)
            assert stop.signal == number  # we are still running
            with pytest.raises(expected):
                os.kill(os.getpid(), number)
            with pytest.raises(expected):
                stop.raise_if_requested()
        assert signal.getsignal(signal.SIGTERM) is raise_for_signal
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_the_original_handlers_are_restored():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop_on_request():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_process_that_ignores_sighup_goes_on(signal_handlers):
    """As one that nohup started."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with raise_on_signals(), stop_on_request() as stop:
        os.kill(os.getpid(), signal.SIGHUP)
        assert stop.signal is None
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize(
    ("number", "reason", "code"),
    [
        (signal.SIGINT, "stopped by Ctrl-C", 130),
        (signal.SIGTERM, "stopped by SIGTERM", 143),
        (signal.SIGHUP, "stopped by SIGHUP", 129),
    ],
)
def test_the_reason_and_the_exit_code_are_those_of_the_signal(number, reason, code):
    with pytest.raises(KeyboardInterrupt) as stopped:
        raise_for_signal(number)
    assert (stop_reason(stopped.value), exit_code(stopped.value)) == (reason, code)


def test_handlers_are_not_changed_outside_the_main_thread():
    requests = []

    def work():
        with stop_on_request() as stop:
            requests.append(stop.signal)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert requests == [None]


@pytest.mark.parametrize(("number", "expected"), SIGNALS)
def test_a_signal_is_raised_again_if_other_code_replaces_its_exception(signal_handlers, number, expected):
    def stopped_and_misunderstood():
        with raise_on_signals():
            try:
                os.kill(os.getpid(), number)
            except KeyboardInterrupt as error:
                raise ImportError("cannot import half a module") from error

    with pytest.raises(expected):
        stopped_and_misunderstood()


def test_errors_without_a_signal_are_not_changed(signal_handlers):
    def wrong():
        with raise_on_signals():
            raise ImportError("there is no such module")

    with pytest.raises(ImportError, match="no such module"):
        wrong()


def test_signals_end_the_process_immediately_after_exit_on_signals(signal_handlers, monkeypatch):
    codes = []
    monkeypatch.setattr("mnist_growth.machine.interruption.os._exit", codes.append)
    exit_on_signals()
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    assert codes == [130, 143]


def test_a_signal_of_an_earlier_command_is_forgotten(signal_handlers):
    def stopped():
        with raise_on_signals():
            os.kill(os.getpid(), signal.SIGINT)

    def wrong():
        with raise_on_signals():
            raise ImportError("there is no such module")

    with pytest.raises(KeyboardInterrupt):
        stopped()
    with pytest.raises(ImportError):
        wrong()
