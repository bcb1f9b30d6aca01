"""How a run is asked to stop: by a signal, or by the end of its time.

The first SIGINT or SIGTERM is a request: the work raises `Stopped` where it next reports its
progress, so that what is known by then is kept. The second one ends the process at once. A thread
of its own hears the signals: the main thread may be inside a call to compiled code for minutes,
and would not hear them before its end. SIGUSR1 asks for a checkpoint, and the work goes on.
"""

import math
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pinnsolve.errors import Stopped
from pinnsolve.progress import Progress, Watch

GRACE = 60.0  # seconds after a request that what is left to do may take
SIGNALS = (signal.SIGINT, signal.SIGTERM)
SAVE = getattr(signal, "SIGUSR1", None)  # Windows has none


class Interruption:
    """A `Watch` that raises `Stopped` after a request or when the time is over.

    Then not again for `GRACE` seconds: work that is stopped may still report progress while it
    measures and saves what it has. What takes longer, as an estimate that solves the problem once
    more, is stopped in its turn, and left out.
    """

    def __init__(
        self,
        time_limit: float | None,
        announce: Callable[[str], None],
        asked: threading.Event | None = None,
    ) -> None:
        self.time_limit = time_limit
        self.announce = announce
        self.asked = asked
        self.started = time.monotonic()
        self.request = ""
        self.patient_until = -math.inf

    def __call__(self, _: Progress) -> None:
        """Raise `Stopped` if it is time."""
        now = time.monotonic()
        late = self.time_limit is not None and now - self.started >= self.time_limit
        if now < self.patient_until or not (self.request or late):
            return
        self.patient_until = now + GRACE
        raise Stopped(self.request or f"the time limit of {self.time_limit:g} s was reached.")

    def hear(self, signum: int) -> None:
        """Take note of a signal; end the process if it is the second that asks to stop."""
        if signum == SAVE:
            if self.asked is not None:
                self.asked.set()
            return
        if self.request:
            end_at_once(128 + signum)
        name = signal.Signals(signum).name
        self.request = f"{name} was received."
        self.announce(f"{name}: stopping and keeping what there is; once more ends at once.")


def end_at_once(code: int) -> None:
    """Leave the process without any further work."""
    if sys.stderr.isatty():
        sys.stderr.write("\x1b[?25h\n")  # the live display had hidden the cursor
        sys.stderr.flush()
    os._exit(code)


@contextmanager
def interruption(
    time_limit: float | None,
    announce: Callable[[str], None],
    asked: threading.Event | None = None,
) -> Iterator[Watch]:
    """Listen to signals and to the clock while a run lasts.

    Parameters
    ----------
    time_limit
        Time in seconds after which the work is to stop; None for no limit.
    announce
        Says to the user that a request was heard.
    asked
        Set by SIGUSR1; without it that signal is not listened to.

    Yields
    ------
    Watch
        To be called with each report of progress; raises `Stopped` when the work is to stop.
    """
    stop = Interruption(time_limit, announce, asked)
    if threading.current_thread() is not threading.main_thread():
        yield stop  # only the main thread may take signals
        return
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)
    signals = SIGNALS if asked is None or SAVE is None else (*SIGNALS, SAVE)
    thread = threading.Thread(target=_listen, args=(ear, stop, signals), daemon=True)
    thread.start()
    before = {signum: signal.signal(signum, _heard_by_the_thread) for signum in signals}
    wakeup = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(wakeup)
        for signum, handler in before.items():
            signal.signal(signum, handler)
        mouth.close()
        thread.join()
        ear.close()


def _listen(ear: socket.socket, stop: Interruption, signals: Sequence[int]) -> None:
    """Hear each signal as the byte that the interpreter writes for it."""
    while byte := ear.recv(1):
        if byte[0] in signals:
            stop.hear(byte[0])


def _heard_by_the_thread(_signum: int, _frame: object) -> None:
    """Do nothing in the main thread; without a handler the signal would end the process."""
