"""Cores, threads and memory of this process."""

import os
import platform
import signal
import subprocess
import sys
import time

import pytest

from pinnsolve import machine
from pinnsolve.errors import MemoryLimitError


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    """A container's limits, none at first."""
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    return tmp_path


def test_a_container_has_the_cores_of_its_quota(cgroup):
    cores = machine.usable_cores()
    assert 1 <= cores <= os.cpu_count()
    (cgroup / "cpu.max").write_text("max 100000\n")
    assert machine.usable_cores() == cores
    (cgroup / "cpu.max").write_text("150000 100000\n")
    assert machine.usable_cores() == 1


def test_a_container_has_the_memory_of_its_limit(cgroup):
    (cgroup / "memory.max").write_text(f"{machine.GIB // 2}\n")
    assert machine.memory()["total"] == 0.5


def test_a_container_has_what_others_in_it_leave(cgroup):
    (cgroup / "memory.max").write_text(f"{machine.GIB}\n")
    (cgroup / "memory.current").write_text(f"{0.9 * machine.GIB:.0f}\n")
    assert machine.memory()["free"] == 0.1
    # copies of files are given back to whoever asks
    (cgroup / "memory.stat").write_text(f"anon 1\ninactive_file {0.4 * machine.GIB:.0f}\n")
    assert machine.memory()["free"] == 0.5


@pytest.fixture
def threads(monkeypatch):
    """An environment that says nothing of threads; returns what it says later."""
    for name in (*machine.THREAD_VARIABLES, "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "")  # so that what the test leaves there is taken away
        monkeypatch.delenv(name)
    return lambda: [os.environ.get(name) for name in machine.THREAD_VARIABLES]


def test_threads_are_those_asked_for(threads):
    machine.prepare(3)
    assert threads() == ["3", "3", "3"]


def test_threads_of_the_environment_are_kept(threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    machine.prepare(None)
    assert threads() == ["2", None, None]


def test_threads_are_the_usable_cores_where_nobody_says(threads, monkeypatch):
    monkeypatch.setattr(machine, "usable_cores", lambda: 6)
    machine.prepare(None)
    assert threads() == ["6", "6", "6"]


@pytest.mark.usefixtures("threads")
def test_the_number_of_threads_follows_the_environment(monkeypatch):
    assert machine.threads() == machine.usable_cores()
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert machine.threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert machine.threads() == 2


@pytest.mark.usefixtures("threads")
def test_waiting_threads_sleep_unless_told_otherwise(monkeypatch):
    machine.prepare(None)
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    machine.prepare(2)
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


FAULTS = """
import resource, sys, threading
import numpy as np
from pinnsolve.machine import keep_memory

def work():
    for _ in range(10):
        arrays = [np.ones(2**17) for _ in range(4)]  # 1 MiB each, 256 pages

def count():
    work()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    work()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

if sys.argv[1] == "kept":
    keep_memory()
count()
thread = threading.Thread(target=count)
thread.start()
thread.join()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="tunes glibc")
def test_memory_that_is_freed_is_used_again():
    """Pages that the system has to provide anew, in the main thread and in another one."""

    def faults(how: str) -> list[int]:
        command = [sys.executable, "-c", FAULTS, how]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        return [int(n) for n in ran.stdout.split()]

    kept, returned = faults("kept"), faults("returned")
    assert max(kept) < 4 * 256 < max(returned)  # pages of four arrays, of forty


def test_what_crashes_or_hangs_does_so_in_a_copy_of_the_process(tmp_path):
    def kill():
        os.kill(os.getpid(), signal.SIGSEGV)

    def hang():
        (tmp_path / "began").touch()
        while True:
            time.sleep(1)

    def fail():
        raise ValueError

    assert machine.survives(lambda: None, 60)
    assert machine.survives(fail, 60)
    assert not machine.survives(kill, 60)
    assert not machine.survives(hang, 2)
    assert (tmp_path / "began").exists()


def test_a_limit_of_the_address_space_counts_as_memory(monkeypatch):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2**40, 2**41))
    left = machine.addressable()
    assert 0 < left < 2**40
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2**20, 2**20))
    assert machine.addressable() == 0
    assert machine.memory()["free"] == 0
    with pytest.raises(MemoryLimitError, match=r"ulimit -v.* Raise the limit\."):
        machine.must_have_room()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert machine.addressable() is None
    machine.must_have_room()


def test_a_copy_of_the_process_has_no_more_memory_than_it_is_given():
    assert machine.survives(lambda: bytearray(2**20), 10, 2**28)
    assert not machine.survives(lambda: bytearray(2**30), 10, 2**28)
    assert machine.survives(lambda: bytearray(2**30), 10)


def test_a_process_is_older_than_what_it_has_loaded(monkeypatch):
    assert machine.age() >= time.monotonic() - machine.LOADED - 0.02  # two ticks of the system's
    monkeypatch.delattr("os.sysconf")  # as on a system that does not tell
    assert 0 <= machine.age() <= time.monotonic() - machine.LOADED
