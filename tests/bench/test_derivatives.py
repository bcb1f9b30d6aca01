import json

import pytest
import torch

from pinnsolve.bench import derivatives
from pinnsolve.bench.derivatives import costs, lines
from pinnsolve.bench.timing import mebibytes, milliseconds
from pinnsolve.cli import main

KEYS = {
    "order", "width", "depth", "batch", "precision", "nested_ms", "taylor_ms",
    "nested_forward_ms", "taylor_forward_ms", "nested_mib", "taylor_mib",
}  # fmt: skip


def test_contenders_are_called_in_turn():
    calls = []
    found = milliseconds({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2)
    assert calls == ["a", "b"] * 3  # one round to warm up
    assert found.keys() == {"a", "b"}


def test_memory_is_what_the_backward_pass_needs():
    x = torch.rand(2**17, requires_grad=True)  # 1 MiB in double precision
    assert mebibytes(lambda: (x * 2).sum(), "cpu") == 0
    # the square keeps its argument, the sine too: the same megabyte once
    assert mebibytes(lambda: x.square().sum() + x.sin().sum(), "cpu") == pytest.approx(1)


def test_memory_of_taylor_mode_grows_linearly_and_that_of_nesting_exponentially():
    rows = costs([1, 3, 5], width=8, depth=2, batch=32, repeats=1)
    taylor, nested = (
        [getattr(row, f"{name}_mib") for row in rows] for name in ("taylor", "nested")
    )
    assert taylor[2] - taylor[1] == pytest.approx(taylor[1] - taylor[0], rel=0.2)
    assert nested[2] / nested[1] > 3


def test_nesting_stops_where_it_must(monkeypatch):
    monkeypatch.setattr(derivatives, "PATIENCE", 0.0)
    rows = costs([1, 2], width=4, depth=1, batch=8, repeats=1)
    assert [row.nested_ms is None for row in rows] == [False, True]
    assert rows[1].taylor_ms > 0
    assert lines(rows)[2][1] == "—"


def test_the_command_writes_rows_and_a_picture(tmp_path, capsys):
    arguments = ["bench", "derivatives", "--orders", "1,3", "--width", "4", "--depth", "1"]
    arguments += ["--batch", "8", "--repeats", "1", "--quiet"]
    picture = tmp_path / "costs.png"
    assert main([*arguments, "--json", "--out", str(picture)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["order"] for row in rows] == [1, 3]
    assert set(rows[0]) == KEYS
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("order  nested ms  taylor ms  ratio  nested MiB")


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--orders", "1-x"], 2, "--orders must be whole numbers from 1 to 20, as 1-4 or 2,4, but "
         "is 1-x."),
        (["--orders", "0-3"], 2, "--orders must be whole numbers from 1 to 20, as 1-4 or 2,4, but "
         "is 0-3."),
        (["--out", "table.txt"], 6, "table.txt is no picture. Let the name after --out end in "
         ".png, .svg or .pdf."),
        (["--out", "nowhere/a.png"], 6, "the folder of nowhere/a.png does not exist. Create it "
         "first."),
    ],
)  # fmt: skip
def test_wrong_options_are_refused(options, code, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "derivatives", *options]) == code
    assert says in " ".join(capsys.readouterr().err.split())
