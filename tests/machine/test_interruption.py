import os
import signal
import threading

import pytest

from mnist_growth.machine import Terminated, exit_on_signals, raise_for_signal, raise_on_signals, stop_on_request


def test_no_signal_makes_no_request():
    with stop_on_request() as stop:
        stop.raise_if_requested()
    assert stop.signal is None


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_the_first_signal_makes_a_request_and_the_second_stops_immediately(number, expected):
    before = signal.signal(signal.SIGTERM, raise_for_signal)
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
        signal.signal(signal.SIGTERM, before)


def test_the_original_handlers_are_restored():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop_on_request():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_handlers_are_not_changed_outside_the_main_thread():
    requests = []

    def work():
        with stop_on_request() as stop:
            requests.append(stop.signal)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert requests == [None]


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
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
