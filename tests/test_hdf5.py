"""What an HDF5 file of others may not do."""

import random
from contextlib import suppress

import h5py
import numpy as np
import pytest

from pinnsolve import hdf5
from pinnsolve.errors import FileError

X = np.linspace(0, 1, 7)


@pytest.fixture
def path(tmp_path):
    """A file with an array and, where it is asked for, something hostile beside it."""
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = X
    with h5py.File(tmp_path / "file.h5", "w") as file:
        file["group/x"] = X
        file["words"] = ["alpha", "β"]
        file["fixed"] = [b"alpha", b"beta"]
        file["word"] = "γ"
        file.attrs.update(count=3, scale=0.5, name="disk")
    return tmp_path / "file.h5"


def external_storage(file):
    file.create_dataset("bad", (7,), "f8", external=[("secret.bin", 0, 56)])


def virtual(file):
    layout = h5py.VirtualLayout((7,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "secret", (7,))
    file.create_virtual_dataset("bad", layout)


def reference(file):
    file.create_dataset("bad", data=[file["group"].ref], dtype=h5py.ref_dtype)


def region(file):
    file.create_dataset("bad", data=[file["group/x"].regionref[:3]], dtype=h5py.regionref_dtype)


def ragged(file):
    dataset = file.create_dataset("bad", (2,), h5py.vlen_dtype("f8"))
    dataset[0] = [1.0, 2.0]


def unknown_filter(file):
    # written raw, since the filter, as a plug-in would be, is not there
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((7,))
    properties.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple((7,))
    h5py.h5d.create(file.id, b"bad", h5py.h5t.NATIVE_DOUBLE, space, properties)


HOSTILE = {
    "an external link": (
        lambda f: f.update({"bad": h5py.ExternalLink("other.h5", "/secret")}),
        "bad is a link to somewhere else",
    ),
    "a soft link": (
        lambda f: f.update({"bad": h5py.SoftLink("/group/x")}),
        "bad is a link to somewhere else",
    ),
    "a link to nothing": (
        lambda f: f.update({"bad": h5py.SoftLink("/nowhere")}),
        "bad is a link to somewhere else",
    ),
    "external storage": (external_storage, "bad lies in another file"),
    "a virtual data set": (virtual, "bad lies in another file"),
    "a reference": (reference, "bad is not an array of real numbers"),
    "a reference to a region": (region, "bad is not an array of real numbers"),
    "arrays of different lengths": (ragged, "bad is not an array of real numbers"),
    "text": (lambda f: f.update({"bad": "1"}), "bad is not an array of real numbers"),
    "a record": (
        lambda f: f.update({"bad": np.zeros(2, dtype=[("a", "f8"), ("b", "i4")])}),
        "bad is not an array of real numbers",
    ),
    "opaque bytes": (
        lambda f: f.update({"bad": np.void(b"abc")}),
        "bad is not an array of real num",
    ),
    "a group": (lambda f: f.create_group("bad"), "bad is no array"),
    "a type": (lambda f: f.update({"bad": np.dtype("f8")}), "neither a group nor a data set"),
    "nothing": (lambda f: f.update({"bad": h5py.Empty("f8")}), "bad is no array"),
    "an unknown filter": (unknown_filter, "bad is compressed in a way that is not known"),
    "a petabyte that was never written": (
        lambda f: f.create_dataset("bad", (2**47,), "f8", chunks=(2**16,)),
        r"bad takes 1\.05e\+06 GiB, but ",
    ),
    "more than any number of bytes": (
        lambda f: f.create_dataset("bad", (2**40, 2**22), "f8", chunks=(2**10, 2**10)),
        "bad takes ",
    ),
}


@pytest.mark.parametrize(("make", "message"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_numbers_in_the_file_itself_is_refused(path, make, message):
    with h5py.File(path, "a") as file:
        make(file)
    with pytest.raises(FileError, match=message) as caught, hdf5.opened(path, "it") as file:
        hdf5.numbers(file, "bad")
    assert str(caught.value).startswith(f"{path}: it is incomplete or broken (")
    assert caught.value.exit_code == 6


def test_a_limit_holds_before_anything_is_read(path):
    with hdf5.opened(path, "it") as file:
        np.testing.assert_array_equal(hdf5.numbers(file, "group/x", X.nbytes), X)
        with pytest.raises(ValueError, match="group/x takes"):
            hdf5.numbers(file, "group/x", X.nbytes - 1)


def test_a_link_on_the_way_is_refused_as_well(path):
    with h5py.File(path, "a") as file:
        file["way"] = h5py.SoftLink("/group")
        file["out"] = h5py.ExternalLink("other.h5", "/")
    for name in ("way/x", "out/secret"):
        with pytest.raises(FileError, match="is a link"), hdf5.opened(path, "it") as file:
            hdf5.numbers(file, name)


def test_texts_of_both_kinds_are_read(path):
    with hdf5.opened(path, "it") as file:
        assert hdf5.strings(file, "words") == ["alpha", "β"]
        assert hdf5.strings(file, "fixed") == ["alpha", "beta"]
        assert hdf5.text(file, "word") == "γ"
        with pytest.raises(ValueError, match="words is not a single text"):
            hdf5.text(file, "words")
        with pytest.raises(ValueError, match="group/x is no text"):
            hdf5.text(file, "group/x")


def test_one_long_text_in_many_places_is_bounded(path):
    with h5py.File(path, "a") as file:
        file["many"] = ["a" * 1000] * 1000
    with hdf5.opened(path, "it") as file, pytest.raises(ValueError, match="many takes"):
        hdf5.strings(file, "many", limit=100_000)


def test_attributes_are_numbers_or_strings(path):
    with h5py.File(path, "a") as file:
        file.attrs["pointer"] = file["group"].ref
        file.attrs["list"] = [1, 2]
    with hdf5.opened(path, "it") as file:
        assert [hdf5.attribute(file, name) for name in ("count", "scale", "name", "none")] == [
            3, 0.5, "disk", None,
        ]  # fmt: skip
        for name in ("pointer", "list"):
            with pytest.raises(ValueError, match=f"the attribute {name} is neither"):
                hdf5.attribute(file, name)


def test_what_is_missing_is_named(path):
    with (
        pytest.raises(FileError, match=r"it is incomplete or broken \(there is no group/y\)"),
        hdf5.opened(path, "it") as file,
    ):
        hdf5.numbers(file, "group/y")


def test_broken_metadata_is_an_error_and_neither_a_crash_nor_a_hang(tmp_path, monkeypatch):
    monkeypatch.setattr("pinnsolve.hdf5.PATIENCE", 0.5)
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=X, chunks=(3,), compression="gzip")
        file["words"] = ["alpha", "β"]
        file.attrs["name"] = "disk"
    whole = path.read_bytes()
    # what makes HDF5 2.0 hang: the size of an object in the heap of texts, which begins by GCOL
    heap = whole.index(b"GCOL") + 24
    chance = random.Random(0)
    used = [place for place, byte in enumerate(whole) if byte]
    places = [(heap, 0xFF), (heap, 0), (heap + 48, 0)]
    places += [(place, chance.randrange(256)) for place in chance.sample(used, 60)]
    read = 0
    for place, byte in places:
        path.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
        with suppress(FileError), hdf5.opened(path, "it") as file:
            hdf5.attribute(file, "name")
            hdf5.strings(file, "words", 2**24)
            hdf5.numbers(file, "x", 2**24)
            read += 1
    assert 0 < read < len(places)
