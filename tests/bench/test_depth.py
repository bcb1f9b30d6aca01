import json
from collections import Counter

import pytest

from pinnsolve.bench.depth import accuracies, lines
from pinnsolve.cli.app import main


@pytest.fixture(scope="module")
def rows():
    return accuracies("laplacian", depths=[1, 3], nodes=400, repeats=1)


def test_every_backend_is_measured_at_every_depth(rows):
    found = Counter((row.depth, row.backend) for row in rows)
    backends = {"rbf-fd": 4, "autograd float32": 1, "autograd float64": 1, "taylor float64": 1}
    assert found == {(depth, name): n for depth in (1, 3) for name, n in backends.items()}
    assert len(lines(rows)) == 1 + len(rows)


def test_errors_are_those_of_the_method(rows):
    for depth in (1, 3):
        at = {(row.backend, row.order): row.relative_error for row in rows if row.depth == depth}
        assert at["autograd float64", None] == 0  # the reference
        assert at["taylor float64", None] < 1e-12  # rounding alone
        assert 1e-8 < at["autograd float32", None] < 1e-5  # single precision's
        # order by order; at the coarsest spacing one order gains a factor of two at least
        assert at["rbf-fd", 2] > 2 * at["rbf-fd", 4] > 0
        assert at["rbf-fd", 3] > 2 * at["rbf-fd", 5] > 0


def test_time_with_the_forward_pass_is_no_shorter(rows):
    for row in rows:
        if "autograd" not in row.backend:  # whose two times are measured apart
            assert row.milliseconds_with_forward >= row.milliseconds >= 0


def test_the_command_writes_rows_and_a_picture(tmp_path, capsys):
    picture = tmp_path / "depth.svg"
    arguments = ["bench", "depth", "--operator", "biharmonic", "--depths", "2", "--nodes", "300"]
    arguments += ["--repeats", "1", "--quiet", "--json", "--out", str(picture)]
    assert main(arguments) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["backend"] for row in rows} >= {"rbf-fd", "autograd float32", "taylor float64"}
    (taylor,) = [row for row in rows if row["backend"] == "taylor float64"]
    assert taylor["relative_error"] < 1e-11
    assert "<svg" in picture.read_text()
