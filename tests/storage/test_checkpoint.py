import h5py
import numpy as np
import pytest

from pinnsolve.errors import FileError
from pinnsolve.storage.checkpoint import read_checkpoint, write_checkpoint

WEIGHTS = {
    "layers.0.weight": np.linspace(-1, 1, 5000).reshape(100, 50),
    "scale": np.array(3.0, dtype=np.float32),
    "none": np.zeros((0, 4)),
    "steps": np.array([7]),
}
META = {"iteration": 12, "phase": "adam", "loss": 1e-3, "hidden": [50, 50]}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoint.hdf"


def test_what_is_written_is_read(path):
    write_checkpoint(path, WEIGHTS, META)
    weights, meta = read_checkpoint(path)
    assert meta == META
    assert weights.keys() == WEIGHTS.keys()
    for name, weight in WEIGHTS.items():
        np.testing.assert_array_equal(weights[name], weight)
        assert weights[name].dtype == weight.dtype


def test_the_checkpoint_before_is_kept(path):
    write_checkpoint(path, WEIGHTS, {"iteration": 1})
    write_checkpoint(path, WEIGHTS, {"iteration": 2})
    assert read_checkpoint(path)[1] == {"iteration": 2}
    assert read_checkpoint(path.with_name("checkpoint.previous.hdf"))[1] == {"iteration": 1}


def test_a_missing_checkpoint_is_said_in_words(path):
    with pytest.raises(FileError) as caught:
        read_checkpoint(path)
    assert str(caught.value) == f"no checkpoint {path}: there is no such file."


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_truncated_checkpoint_is_refused_and_the_one_before_named(path, part):
    write_checkpoint(path, WEIGHTS, META)
    write_checkpoint(path, WEIGHTS, META)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(FileError) as caught:
        read_checkpoint(path)
    text = str(caught.value)
    assert text.startswith(f"cannot read the checkpoint {path}: it is truncated, damaged, or not")
    assert text.endswith(f" Try {path.with_name('checkpoint.previous.hdf')}.")


def test_a_flipped_bit_in_the_weights_is_noticed(path):
    write_checkpoint(path, WEIGHTS, META)
    content = bytearray(path.read_bytes())
    place = content.index(WEIGHTS["layers.0.weight"][50, 0].tobytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileError, match="damaged"):
        read_checkpoint(path)


def test_a_foreign_file_is_refused(path):
    path.write_bytes(b"\x80\x04K\x01.")  # a pickle
    with pytest.raises(FileError, match="not a file of pinnsolve"):
        read_checkpoint(path)
    with h5py.File(path, "w") as file:
        file["network/weight"] = np.zeros(3)
    with pytest.raises(FileError, match="not a file of pinnsolve"):
        read_checkpoint(path)


def test_an_array_of_text_is_no_weight(path):
    write_checkpoint(path, {}, {})
    with h5py.File(path, "a") as file:
        file["network/weights/head"] = "import os"
    with pytest.raises(FileError, match="head is not an array of numbers"):
        read_checkpoint(path)
