"""A run is taken up on what it began with, and on nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from pinnsolve import load
from pinnsolve.errors import FileError
from pinnsolve.setup import Setup
from pinnsolve.storage.fingerprint import fingerprint, must_agree

LINE = """\
[domain]
shape = "interval"
bounds = [0, 1]
[nodes]
count = 20
[unknowns]
fields = ["u"]
[functions]
f = { file = "values.csv", column = "f" }
[pde]
equations = ["u_xx = f"]
[[boundary]]
on = "all"
condition = "u = 0"
"""


@pytest.fixture
def line(tmp_path):
    """A problem with a table of values, and its nodes."""
    (tmp_path / "values.csv").write_text("x,f\n0,1\n1,2\n")
    (tmp_path / "line.toml").write_text(LINE)
    problem = load(tmp_path / "line.toml")
    return problem, Setup(problem).nodes


def test_the_same_is_the_same(line):
    problem, nodes = line
    kept = fingerprint(problem, nodes)
    assert kept["name"] == "line"
    must_agree(kept, fingerprint(problem, Setup(problem).nodes))
    must_agree(kept | {"name": "another"}, kept)


def test_a_node_that_has_moved_by_a_rounding_error_is_noticed(line):
    problem, nodes = line
    kept, x = fingerprint(problem, nodes), nodes.x.copy()
    x[3] = np.nextafter(x[3], 2)
    with pytest.raises(FileError, match=r"taken up: the nodes are not what it began with"):
        must_agree(kept, fingerprint(problem, replace(nodes, x=x)))


def test_a_table_that_has_changed_is_named(line):
    problem, nodes = line
    kept, path = fingerprint(problem, nodes), problem.settings.functions["f"].file
    path.write_text("x,f\n0,1\n1,3\n")
    with pytest.raises(FileError, match=rf"taken up: {path} is not what it began with"):
        must_agree(kept, fingerprint(problem, nodes))
    with pytest.raises(FileError, match=rf"the nodes and {path} are not what"):
        must_agree({}, fingerprint(problem, nodes))
    path.unlink()
    with pytest.raises(FileError, match=rf"^cannot read {path}: No such file"):
        fingerprint(problem, nodes)
