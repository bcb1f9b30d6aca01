"""Stopping a run: once on request, at once on the second request."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest

from pinnsolve.cli.interruption import Interruption, interruption
from pinnsolve.errors import Stopped
from pinnsolve.progress import Progress

pytestmark = pytest.mark.usefixtures("no_pictures")

HERE = Progress("training")
SPIN = """
import hashlib
from pinnsolve.cli.interruption import interruption
with interruption(None, lambda text: print(text, flush=True)):
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # minutes in one call to compiled code
"""


def test_nothing_stops_a_run_that_nobody_asked_to_stop():
    with interruption(None, print) as stop:
        stop(HERE)


def test_the_time_limit_stops_a_run_once():
    with interruption(0.0, print) as stop:
        with pytest.raises(Stopped, match=r"^the time limit of 0 s was reached\.$"):
            stop(HERE)
        stop(HERE)  # what saves the results is not stopped again


def test_what_still_goes_on_after_a_while_is_stopped_again(monkeypatch):
    # an estimate by a finer solution has gone on for hours after the time limit
    monkeypatch.setattr("pinnsolve.cli.interruption.GRACE", 0.0)
    with interruption(0.0, print) as stop:
        for _ in range(2):
            with pytest.raises(Stopped):
                stop(HERE)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_run_at_its_next_report(signum):
    heard = []
    before = signal.getsignal(signum)
    with interruption(None, heard.append) as stop:
        os.kill(os.getpid(), signum)
        patience = time.monotonic() + 5
        while not heard and time.monotonic() < patience:
            time.sleep(0.01)
        with pytest.raises(Stopped, match=rf"^{signum.name} was received\.$"):
            stop(HERE)
    name = signum.name
    assert heard == [f"{name}: stopping and keeping what there is; once more ends at once."]
    assert signal.getsignal(signum) is before


def test_sigusr1_asks_for_a_checkpoint_and_stops_nothing():
    asked = Event()
    before = signal.getsignal(signal.SIGUSR1)
    with interruption(None, print, asked) as stop:
        os.kill(os.getpid(), signal.SIGUSR1)
        assert asked.wait(5)
        stop(HERE)
    assert signal.getsignal(signal.SIGUSR1) is before


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_signal_ends_the_process_whatever_it_is_doing(signum, code):
    process = subprocess.Popen(
        [sys.executable, "-c", SPIN],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signum)
        assert process.stdout.readline().startswith(signum.name)
        process.send_signal(signum)
        assert process.wait(timeout=10) == code


def test_a_worker_thread_may_run_a_problem_too():
    stop = Interruption(None, print)
    stop(HERE)
