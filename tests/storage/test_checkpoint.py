"""A checkpoint is whole or not there, whatever happens while it is written."""

import errno
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import time

import numpy as np
import pytest

from pinnsolve.errors import FileError
from pinnsolve.storage.checkpoint import latest, read_checkpoint, write_checkpoint

PAYLOAD = np.array([0x7FF8000000000123, 0xFFF8DEADBEEF0001, 0x7FF0000000000001], dtype=np.uint64)
STATE = {
    "weights": np.linspace(-1, 1, 35).reshape(5, 7),
    "single": np.linspace(0, 1, 4, dtype=np.float32),
    "half": np.array([0.5, 2.0], dtype=np.float16),
    "steps": np.array([[2**62, -1]]),
    "bytes": np.arange(256, dtype=np.uint8),
    "mask": np.array([True, False, True]),
    "spectrum": np.array([1 + 2j, -0.0 + 1j]),
    "coarse": np.array([1 + 2j], dtype=np.complex64),
    "scalar": np.array(3.5),
    "none": np.zeros((0, 4)),
    "nowhere": np.zeros((3, 0), dtype=np.int32),
    "payloads": PAYLOAD.view(np.float64),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "strided": np.arange(20.0)[::3],
    "iteration": 12,
    "generator": 2**127 + 1,
    "minus": -5,
    "loss": 1.0 / 3,
    "nan": float("nan"),
    "infinity": float("-inf"),
    "zero": -0.0,
    "phase": "adam",
    "text": 'é"\n\0\ud800 ',
    "": "",
}
PROBLEM = 'title = "a disk"\n'


def bits(value):
    """Return type, shape and bytes of a value."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    return type(value), struct.pack("<d", value) if isinstance(value, float) else value


def test_every_value_comes_back_bit_for_bit(tmp_path):
    write_checkpoint(tmp_path, STATE, PROBLEM)
    found, remark = latest(tmp_path)
    assert remark == ""
    assert found.problem == PROBLEM
    assert found.version
    assert list(found.state) == list(STATE)
    for name, value in STATE.items():
        assert bits(found.state[name]) == bits(value)
    assert all(a.flags.writeable for a in found.state.values() if isinstance(a, np.ndarray))


def test_the_payload_of_a_float_comes_back(tmp_path):
    (quiet,) = struct.unpack("<d", PAYLOAD[0].tobytes())
    write_checkpoint(tmp_path, {"a": quiet}, PROBLEM)
    assert bits(latest(tmp_path)[0].state["a"]) == bits(quiet)


def test_scalars_and_byte_orders_of_numpy_come_back_as_those_of_the_machine(tmp_path):
    state = {"a": np.float64(0.1), "c": np.arange(3, dtype=">f8")}
    write_checkpoint(tmp_path, state, PROBLEM)
    found = latest(tmp_path)[0].state
    assert (type(found["a"]), found["a"]) == (float, 0.1)
    assert found["c"].dtype == np.dtype("f8")
    np.testing.assert_array_equal(found["c"], state["c"])


@pytest.mark.parametrize("value", [np.array([None]), np.array(["text"]), np.zeros(2, "f8,i4")])
def test_what_is_not_numbers_is_not_written(tmp_path, value):
    with pytest.raises(TypeError, match=r"^head has elements of type .*, not numbers"):
        write_checkpoint(tmp_path, {"head": value}, PROBLEM)
    assert os.listdir(tmp_path) == []


def test_the_checkpoint_before_is_kept(tmp_path):
    for i in range(3):
        write_checkpoint(tmp_path, {"i": i}, PROBLEM)
    assert sorted(os.listdir(tmp_path)) == ["checkpoint", "checkpoint.previous"]
    assert read_checkpoint(tmp_path / "checkpoint").state == {"i": 2}
    assert read_checkpoint(tmp_path / "checkpoint.previous").state == {"i": 1}


@pytest.fixture
def two(tmp_path):
    """A folder with two checkpoints, and the newer of them."""
    write_checkpoint(tmp_path, {"i": 1}, PROBLEM)
    write_checkpoint(tmp_path, STATE | {"i": 2}, PROBLEM)
    return tmp_path, tmp_path / "checkpoint"


def assert_that_the_one_before_is_taken(folder):
    found, remark = latest(folder)
    assert found.state == {"i": 1}
    assert remark.startswith(f"cannot read the checkpoint {folder / 'checkpoint'}: it")
    assert remark.endswith(f" The one before it, {folder / 'checkpoint.previous'}, is taken.")


def test_a_byte_that_was_flipped_anywhere_is_noticed(two):
    folder, newest = two
    whole = newest.read_bytes()
    places = random.Random(0).sample(range(len(whole)), 200)
    for place in places:
        newest.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        assert_that_the_one_before_is_taken(folder)


def test_a_part_of_a_checkpoint_is_none(two):
    folder, newest = two
    whole = newest.read_bytes()
    for size in (0, 1, 15, 31, 32, 40, len(whole) // 2, len(whole) - 1):
        newest.write_bytes(whole[:size])
        assert_that_the_one_before_is_taken(folder)
    newest.write_bytes(whole + b"\0")
    assert_that_the_one_before_is_taken(folder)


def test_a_damaged_checkpoint_does_not_take_the_place_of_the_good_one_before(two):
    folder, newest = two
    newest.write_bytes(b"damaged")
    write_checkpoint(folder, {"i": 3}, PROBLEM)
    assert latest(folder)[0].state == {"i": 3}
    assert read_checkpoint(folder / "checkpoint.previous").state == {"i": 1}


def test_without_the_newest_the_one_before_is_taken(two):
    folder, newest = two
    newest.unlink()
    found, remark = latest(folder)
    assert found.state == {"i": 1}
    assert remark.startswith(f"cannot read {newest}: No such file or directory. The one before")


def test_two_damaged_ones_are_an_error(two):
    folder, newest = two
    newest.write_bytes(b"")
    (folder / "checkpoint.previous").write_bytes(b"\x80\x04K\x01.")  # a pickle
    with pytest.raises(FileError) as caught:
        latest(folder)
    assert caught.value.exit_code == 6
    assert str(caught.value) == (
        f"cannot read the checkpoint {newest}: it ends too early. "
        f"cannot read the checkpoint {folder / 'checkpoint.previous'}: it ends too early."
    )


def test_no_checkpoint_is_said_in_words(tmp_path):
    with pytest.raises(FileError, match=r"^there is no checkpoint in .*\.$"):
        latest(tmp_path)


MAGIC = b"\x89pinnsolve\r\n\x1a\n"


def forged(header, body=b"", version=1, sizes=None):
    """Return a checkpoint with a checksum that is right."""
    from hashlib import sha256

    header_size, body_size = sizes or (len(header), len(body))
    content = struct.pack("<14sHQQ", MAGIC, version, header_size, body_size) + header + body
    return content + sha256(content).digest()


def of_array(dtype, shape, name="a"):
    entry = f'{{"name": "{name}", "kind": "array", "dtype": {dtype}, "shape": {shape}}}'
    return f'{{"version": "", "problem": "", "values": [{entry}]}}'.encode()


FORGED = {
    "a header larger than the file": (forged(b"{}", sizes=(2**60, 0)), "it should have"),
    "a body larger than the file": (forged(b"{}", sizes=(2, 2**62)), "it should have"),
    "sizes that overflow": (forged(b"{}", sizes=(2**64 - 1, 2**64 - 1)), "it should have"),
    "an array larger than the body": (
        forged(of_array('"<f8"', [2**50]), b"12345678"), "do not add up to its size",
    ),
    "an array smaller than the body": (
        forged(of_array('"<f8"', [1]), b"123456789"), "do not add up to its size",
    ),
    "axes whose product overflows": (
        forged(of_array('"<f8"', [2**32, 2**32])), "do not add up to its size",
    ),
    "axes that no array has": (forged(of_array('"<f8"', [2**70, 0])), "a shape that no array has"),
    "an empty array with a huge axis": (forged(of_array('"<f8"', [2**62, 0])), ""),
    "a negative axis": (forged(of_array('"<f8"', [-1])), "a shape that no array has"),
    "an axis that is no number": (forged(of_array('"<f8"', "[true]")), "a shape that no array"),
    "many axes": (forged(of_array('"<f8"', [1] * 33), b"12345678"), "a has no shape"),
    "objects": (forged(of_array('"|O"', [1]), b"12345678"), "elements of no known type"),
    "records": (forged(of_array('["<f8"]', [1]), b"12345678"), "its header is broken"),
    "truth values of two": (forged(of_array('"|b1"', [1]), b"\x02"), "neither true nor false"),
    "another version": (forged(b"{}", version=2), "its format is 2, this version of pinnsolve"),
    "no JSON": (forged(b"{"), "Expecting property name"),
    "deep JSON": (forged(b"[" * 100_000), "its header is broken"),
    "no table": (forged(b"[]"), "its header is broken"),
    "no values": (forged(b"{}"), "its header is broken"),
    "an unknown kind": (
        forged(b'{"version": "", "problem": "", "values": [{"name": "a", "kind": "object", '
               b'"value": "os.system"}]}'), "a is of no known kind",
    ),
    "a float of three bytes": (
        forged(b'{"version": "", "problem": "", "values": [{"name": "a", "kind": "float", '
               b'"value": "000000"}]}'), "its header is broken",
    ),
    "a name twice": (
        forged(b'{"version": "", "problem": "", "values": [{"name": "a", "kind": "int", '
               b'"value": "0x1"}, {"name": "a", "kind": "int", "value": "0x2"}]}'),
        "two of its values have the same name",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), FORGED.values(), ids=FORGED)
def test_a_forged_checkpoint_is_refused_before_memory_is_asked_for(tmp_path, content, message):
    (tmp_path / "checkpoint").write_bytes(content)
    with pytest.raises(FileError) as caught:
        read_checkpoint(tmp_path / "checkpoint")
    assert message in str(caught.value)


def test_what_does_not_fit_into_memory_is_refused(tmp_path):
    write_checkpoint(tmp_path, {"a": np.zeros(100)}, PROBLEM)
    assert read_checkpoint(tmp_path / "checkpoint", limit=800).state["a"].shape == (100,)
    with pytest.raises(FileError, match=r"it holds 7\.45e-07 GiB, but 7\.44e-07 are free"):
        read_checkpoint(tmp_path / "checkpoint", limit=799)


def test_a_link_or_a_pipe_is_not_read(tmp_path):
    write_checkpoint(tmp_path / "other", STATE, PROBLEM)
    (tmp_path / "link").symlink_to(tmp_path / "other" / "checkpoint")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="it is a link to another file"):
        read_checkpoint(tmp_path / "link")
    with pytest.raises(FileError, match="it is not an ordinary file"):
        read_checkpoint(tmp_path / "pipe")


def test_what_is_written_does_not_go_through_a_link(tmp_path):
    (tmp_path / "precious").write_text("precious")
    for name in (".checkpoint.part", "checkpoint"):
        (tmp_path / name).symlink_to(tmp_path / "precious")
    write_checkpoint(tmp_path, {"i": 1}, PROBLEM)
    assert (tmp_path / "precious").read_text() == "precious"
    assert latest(tmp_path)[0].state == {"i": 1}


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "the disk is full. Free some space"), (errno.EIO, "Input/output error.")],
)
def test_a_disk_that_fails_costs_no_earlier_checkpoint(two, monkeypatch, number, message):
    folder, newest = two
    before = {name: (folder / name).read_bytes() for name in os.listdir(folder)}

    def fail(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FileError) as caught:
        write_checkpoint(folder, {"i": 3}, PROBLEM)
    assert str(caught.value).startswith(f"cannot write {newest}: {message}")
    assert {name: (folder / name).read_bytes() for name in os.listdir(folder)} == before


def test_a_file_that_may_not_grow_costs_no_earlier_checkpoint(two):
    folder, _ = two
    before = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:  # met within the write, half of which is done
        with pytest.raises(FileError, match="it would be larger than files may be here"):
            write_checkpoint(folder, {"a": np.ones(100_000)}, PROBLEM)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {name: (folder / name).read_bytes() for name in os.listdir(folder)} == before


def test_a_folder_that_is_read_only_is_said_in_words(tmp_path, monkeypatch):
    def refuse(*_, **__):  # root may write anywhere
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(FileError, match=r"checkpoint: the file system is read-only\. Choose"):
        write_checkpoint(tmp_path, {"i": 3}, PROBLEM)


WRITER = """
import sys
from pathlib import Path
import numpy as np
from pinnsolve.storage.checkpoint import write_checkpoint

folder, i = Path(sys.argv[1]), int(sys.argv[2])
while True:
    i += 1
    write_checkpoint(folder, {"i": i, "a": np.full(500_000, float(i))}, "")
    print(i, flush=True)
"""


def test_a_process_killed_at_any_moment_leaves_a_whole_checkpoint(tmp_path):
    chance, done = random.Random(1), 0
    for _ in range(30):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(done)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            told = int(process.stdout.readline())
            time.sleep(chance.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
            told = int((process.stdout.read().split() or [told])[-1])
        state = latest(tmp_path)[0].state
        done = state["i"]
        assert done >= told  # what was said to be written is there, or a later one
        assert (state["a"] == done).all()
