import os
import signal
import threading

import pytest

from mnist_growth.machine import Terminated, leave_on_signals, raise_for, raise_on_signals, stop_on_request


def test_without_a_signal_nothing_happens():
    with stop_on_request() as stop:
        stop.raise_if_made()
    assert stop.signal is None


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_the_first_signal_makes_a_request_and_the_second_stops_at_once(number, expected):
    before = signal.signal(signal.SIGTERM, raise_for)
    try:
        with stop_on_request() as stop:
            os.kill(os.getpid(), number)
            assert stop.signal == number  # we are still running
            with pytest.raises(expected):
                os.kill(os.getpid(), number)
            with pytest.raises(expected):
                stop.raise_if_made()
        assert signal.getsignal(signal.SIGTERM) is raise_for
    finally:
        signal.signal(signal.SIGTERM, before)


def test_handlers_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop_on_request():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_in_another_thread_no_handler_is_touched():
    requests = []

    def work():
        with stop_on_request() as stop:
            requests.append(stop.signal)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert requests == [None]


@pytest.fixture
def handlers():
    """Puts back the handlers that a test has left."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_stop_stays_a_stop_whatever_becomes_of_it(handlers, number, expected):
    def stopped_and_misunderstood():
        with raise_on_signals():
            try:
                os.kill(os.getpid(), number)
            except KeyboardInterrupt as error:
                raise ImportError("cannot import half a module") from error

    with pytest.raises(expected):
        stopped_and_misunderstood()


def test_without_a_signal_an_error_stays_what_it_is(handlers):
    def wrong():
        with raise_on_signals():
            raise ImportError("there is no such module")

    with pytest.raises(ImportError, match="no such module"):
        wrong()


def test_while_things_are_put_in_order_a_signal_ends_the_process_at_once(handlers, monkeypatch):
    codes = []
    monkeypatch.setattr("mnist_growth.machine.interruption.os._exit", codes.append)
    leave_on_signals()
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    assert codes == [130, 143]
