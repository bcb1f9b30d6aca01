"""What this process may use of the machine: cores, threads, memory; a container's limits count."""

import ctypes
import faulthandler
import math
import os
import platform
import signal
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pinnsolve.errors import MemoryLimitError

# what is worked on at a time, which bounds the memory
EVALUATED = 4096  # points at which a network is evaluated
ROWS_PER_COLUMN, FEWEST_ROWS = 4, 8192  # of a block of the least-squares matrix

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
CGROUP = Path("/sys/fs/cgroup")  # where Linux tells a container its limits
GIB = 2**30
ALLOWED = 4 * GIB  # what a file may ask for where the free memory is not known
LIBRARIES = 2**29  # bytes of address space that NumPy and SciPy take
LOADED = time.monotonic()
KEPT = 2**25  # bytes of an array that the C library reuses instead of asking the system; its limit


def prepare(threads: int | None) -> None:
    """Fix the threads of the numerical libraries, before they are loaded, and keep freed memory.

    Parameters
    ----------
    threads
        How many; None for what the environment says, or else for all usable cores.
    """
    # a thread that waits for another one should sleep: where they spin and a core is taken by
    # another process, even for a moment, everything takes several times as long
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    keep_memory()
    if threads is None:
        if any(name in os.environ for name in THREAD_VARIABLES):
            return
        threads = usable_cores()
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))


def age() -> float:
    """Return the age of this process in seconds.

    Where the system does not tell, it is that of this module, which is one of the first loaded.
    """
    try:
        begun = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(begun) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, AttributeError, IndexError):
        return time.monotonic() - LOADED


def keep_memory() -> None:
    """Let the C library reuse the memory of freed arrays, where it is glibc.

    By default it returns that of larger ones to the system, page by page, and asks for it again
    at the next step of a training: a third of the time, and most of it when several threads ask.
    """
    m_trim_threshold, m_mmap_threshold = -1, -3  # from malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(m_mmap_threshold, KEPT)
    mallopt(m_trim_threshold, 8 * KEPT)


def threads() -> int:
    """Return the number of threads to use: the environment's, or else all usable cores."""
    for name in THREAD_VARIABLES:
        number = os.environ.get(name, "")
        if number.isdigit() and int(number):
            return int(number)
    return usable_cores()


def usable_cores() -> int:
    """Return the number of cores that this process may use, a container's limit included."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    quota, _, period = _cgroup("cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def memory() -> dict[str, float | None]:
    """Return the machine's memory and what is free of it, in GiB; None where unknown."""
    total = free = None
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total = os.sysconf("SC_PHYS_PAGES") * page / GIB
        free = os.sysconf("SC_AVPHYS_PAGES") * page / GIB
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):  # counts what the system would give back, too
                free = int(line.split()[1]) * 1024 / GIB
    except (OSError, ValueError, AttributeError):
        pass  # not a POSIX system, or one without /proc: what is known is returned
    limit, used = _cgroup("memory.max"), _cgroup("memory.current")
    if limit.isdigit() and total is not None:
        total = min(total, int(limit) / GIB)
        if used.isdigit() and free is not None:
            free = min(free, (int(limit) - int(used) + _reclaimable()) / GIB)
    left = addressable()
    if left is not None:
        most = _address_space()[1] / GIB
        total = most if total is None else min(total, most)
        free = left / GIB if free is None else min(free, left / GIB)
    return {"total": total and round(total, 1), "free": free and round(free, 1)}


def addressable() -> int | None:
    """Return the bytes that this process may still ask for, by ``ulimit -v``; None for any number.

    Where it has reached them the system refuses, and libraries that are refused memory do not
    always say so: they try again for ever, in ever smaller steps.
    """
    held, most = _address_space()
    return int(max(most - held, 0)) if math.isfinite(most) else None


def must_have_room() -> None:
    """Refuse to begin where the libraries could not even be loaded.

    Raises
    ------
    MemoryLimitError
        If fewer bytes are allowed than they take.
    """
    left = addressable()
    if left is not None and left < LIBRARIES:
        raise MemoryLimitError(
            f"this process may take {left / 2**20:.0f} MiB of memory (ulimit -v), but the "
            f"numerical libraries alone take {LIBRARIES / 2**20:.0f} MiB. Raise the limit."
        )


def _address_space() -> tuple[int, float]:
    """Return the bytes that this process has asked for, and those it may ask for."""
    try:
        import resource  # not on every system

        most, _ = resource.getrlimit(resource.RLIMIT_AS)
        held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (ImportError, OSError, ValueError, AttributeError):
        return 0, math.inf
    return held, math.inf if most == resource.RLIM_INFINITY else most


def allowance() -> int:
    """Return the bytes that a file which is read may take: the free memory."""
    free = memory()["free"]
    return ALLOWED if free is None else int(free * GIB)


def survives(work: Callable[[], object], seconds: float, memory: int | None = None) -> bool:
    """Return whether some work neither crashes nor hangs, tried in a copy of this process.

    Parameters
    ----------
    work
        What to try; what it returns or raises does not matter, but that it ran out of memory.
    seconds
        How long it may take.
    memory
        Bytes that it may take beyond what the process has; None for any number.
    """
    if not hasattr(os, "fork"):
        return True  # cannot be tried
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads, whose locks the work does not take
        child = os.fork()
    if child == 0:
        code = 0
        try:
            faulthandler.disable()
            signal.set_wakeup_fd(-1)  # a signal to both would be heard twice in the parent
            for signum in (signal.SIGINT, signal.SIGTERM):
                signal.signal(signum, signal.SIG_DFL)
            _bounded(memory)
            work()
        except MemoryError:
            code = 1
        except BaseException:  # what was raised does not matter, not even an exit
            pass
        finally:
            os._exit(code)  # nothing of the parent's is to be flushed, closed or cleaned up
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                child = 0
                return os.waitstatus_to_exitcode(status) == 0
            time.sleep(0.001)
        return False
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _bounded(memory: int | None) -> None:
    """Let this process ask for so many bytes more than it has, where the system knows limits."""
    if memory is None:
        return
    held, most = _address_space()
    with suppress(ImportError, OSError, ValueError, AttributeError):
        import resource  # not on every system

        if held and held + memory < most:
            hard = resource.getrlimit(resource.RLIMIT_AS)[1]
            resource.setrlimit(resource.RLIMIT_AS, (held + memory, hard))


def _reclaimable() -> int:
    """Return the bytes that this container uses for copies of files, which it would give back."""
    pairs = (line.split() for line in _cgroup("memory.stat").splitlines())
    return sum(int(size) for name, size in pairs if name == "inactive_file")


def _cgroup(name: str) -> str:
    """Return one of the limits of this container, empty where there is none."""
    try:
        return (CGROUP / name).read_text().strip()
    except OSError:
        return ""


def processor() -> str:
    """Return the name of the processor, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
