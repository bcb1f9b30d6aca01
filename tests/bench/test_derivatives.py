import json
import sys

import numpy as np
import pytest

from pinnsolve.bench.derivatives import Case, Cost, Limits, measure, median, summary, table
from pinnsolve.bench.figures import draw_costs
from pinnsolve.cli.app import main
from tests.bench.standin import stand_in

UNITS = ("ms", "forward_ms", "backward_ms", "mib")
KEYS = {"order", "width", "depth", "batch", "precision"}
KEYS |= {f"{name}_{unit}" for name in ("nested", "taylor") for unit in UNITS}


@pytest.fixture(scope="module")
def cases():
    return measure([1, 2, 3, 4, 5], [8], [2], [32], repeats=1)


def invented(order, nested, taylor, width=24):
    """Return a case whose contenders last so long, in milliseconds."""
    costs = {
        name: None if ms is None else Cost(0.25 * ms, ms, 2 * ms)
        for name, ms in (("nested", nested), ("taylor", taylor))
    }
    return Case(order, width, 3, 256, "float64", costs)


@pytest.mark.slow
def test_memory_of_taylor_mode_grows_linearly_and_that_of_nesting_doubles(cases):
    taylor, nested = (
        np.array([case.value(name, "mib") for case in cases]) for name in ("taylor", "nested")
    )
    steps = np.diff(taylor)
    # but for the numbers of the loss, one for each derivative, memory is exactly linear
    assert steps == pytest.approx(steps[0], rel=1e-2)
    assert np.all(nested[1:] > 2 * nested[:-1])


@pytest.mark.slow
@pytest.mark.parametrize("key", ["width", "batch"])
def test_memory_is_in_proportion_to_width_and_batch(key):
    sizes = {"width": 24, "batch": 512}
    small, large = (
        measure([3], [s["width"]], [2], [s["batch"]], repeats=1)[0]
        for s in (sizes, sizes | {key: 2 * sizes[key]})
    )
    for name in ("nested", "taylor"):
        # up to the input, output and weights of the network, which have other sizes
        assert large.value(name, "mib") == pytest.approx(2 * small.value(name, "mib"), rel=0.1)


@pytest.mark.slow
def test_single_precision_takes_half_the_memory(cases):
    (single,) = measure([3], [8], [2], [32], "float32", repeats=1)
    for name in ("nested", "taylor"):
        assert single.value(name, "mib") == pytest.approx(cases[2].value(name, "mib") / 2, rel=0.01)


@pytest.mark.slow
def test_every_combination_is_measured_and_announced():
    seen = []
    found = measure([1, 2], [3, 4], [1, 2], [5], repeats=1, watch=seen.append)
    combinations = [(case.width, case.depth, case.batch, case.order) for case in found]
    assert combinations == [(w, d, 5, n) for w in (3, 4) for d in (1, 2) for n in (1, 2)]
    assert [progress.note for progress in seen][-3:] == [
        "width 4, depth 2, batch 5, trying nested order 1",
        "width 4, depth 2, batch 5, order 1",
        "width 4, depth 2, batch 5, order 2",
    ]
    fractions = [progress.fraction for progress in seen if "nested" not in progress.note]
    assert fractions == [k / 8 for k in range(8)]


@pytest.mark.parametrize(("limit", "reach"), [("patience", 1), ("room", 1), ("growth", 3)])
def test_nesting_stops_where_it_must(limit, reach):
    limits = Limits(**{limit: 0.0})  # without growth, nothing is too long
    found = measure([1, 3], [4], [1], [8], repeats=1, limits=limits)
    assert [case.costs["nested"] is None for case in found] == [reach < 1, reach < 3]
    assert all(case.costs["taylor"].ms > 0 for case in found)


@pytest.mark.slow
def test_what_was_left_out_is_named_so(tmp_path):
    cases = [invented(1, 2.0, 1.0), invented(9, None, 4.0)]
    assert table(cases)[2][:4] == ("9", "—", "4.00 = 1.00 + 3.00", "—")
    assert cases[1].row()["nested_backward_ms"] is None
    assert cases[0].row()["nested_backward_ms"] == 1.5
    for shown in (cases, cases[:1], cases[1:]):  # with all, with one order, with none of nested
        draw_costs(shown, tmp_path / "costs.svg")
        assert "width 24, depth 3, batch 256, float64" in (tmp_path / "costs.svg").read_text()


def test_the_table_shows_what_varies():
    cases = [invented(n, 4.0, 2.0, width) for width in (24, 48) for n in (1, 2)]
    assert table(cases) == [
        ("width", "order", "nested ms", "taylor ms", "nested/taylor", "nested MiB", "taylor MiB"),
        ("24", "1", "4.00", "2.00", "2.00", "8.00", "4.00"),
        ("24", "2", "4.00", "2.00", "2.00", "8.00", "4.00"),
        ("48", "1", "4.00", "2.00", "2.00", "8.00", "4.00"),
        ("48", "2", "4.00", "2.00", "2.00", "8.00", "4.00"),
    ]


def test_the_summary_is_over_all_combinations():
    lasting = {1: (1.0, 4.0, 1.5), 8: (9.0, 20.0, None), 9: (30.0, None, None)}
    cases = [
        invented(order, ms, 2.0, width)
        for width, of_width in zip((24, 32, 48), zip(*lasting.values(), strict=True), strict=True)
        for order, ms in zip(lasting, of_width, strict=True)
    ]
    assert summary(cases) == [
        ("order", "nested/taylor", "taylor sooner"),
        ("1", "0.75", "1 of 3"),
        ("8", "10.00", "2 of 2"),
        ("9", "—", "1 of 1"),
    ]


def test_what_was_left_out_exceeds_the_rest():
    assert median([1.0, None, 3.0]) == 3.0
    assert median([None, 1.0]) is None


def test_the_command_writes_rows_and_a_picture(tmp_path, capsys):
    arguments = ["bench", "derivatives", "--orders", "1,3", "--widths", "4", "--depths", "1"]
    arguments += ["--batches", "8", "--repeats", "1", "--quiet"]
    picture = tmp_path / "costs.png"
    assert main([*arguments, "--json", "--out", str(picture)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["order"] for row in rows] == [1, 3]
    assert set(rows[0]) == KEYS
    for row in rows:
        for name in ("nested", "taylor"):
            parts = row[f"{name}_forward_ms"] + row[f"{name}_backward_ms"]
            assert row[f"{name}_ms"] == pytest.approx(parts)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(arguments) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split("  ")[0] == "order"
    assert out[-1] == "ms: all = forward + backward pass; MiB: most memory at once"


@pytest.mark.slow
def test_the_command_sums_up_several_combinations(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jet", stand_in())
    picture = tmp_path / "costs.svg"
    arguments = ["--orders", "1-2", "--widths", "4,6", "--depths", "1-2", "--batches", "8"]
    arguments += ["--against", "jet", "--repeats", "1", "--quiet", "--out", str(picture)]
    assert main(["bench", "derivatives", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["width", "depth", "order"]
    assert "jet ms" in lines[0]
    assert "jet MiB" in lines[0]
    below = lines.index("medians over 4 combinations, and in how many Taylor mode is done sooner")
    assert [line.split()[0] for line in lines[below + 1 : below + 4]] == ["order", "1", "2"]
    text = picture.read_text()
    for words in ("jet-for-pytorch", "width 4 | 6, depth 1 | 2, batch 8, float64"):
        assert words in text


NUMBERS = "must be whole numbers from 1 to"


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--orders", "1-x"], 2, f"--orders {NUMBERS} 20, as 1-4 or 2,4, but is 1-x."),
        (["--orders", "0-3"], 2, f"--orders {NUMBERS} 20, as 1-4 or 2,4, but is 0-3."),
        (["--orders", "5-3"], 2, f"--orders {NUMBERS} 20, as 1-4 or 2,4, but is 5-3."),
        (["--widths", "24,"], 2, f"--widths {NUMBERS} 10000, as 1-4 or 2,4, but is 24,."),
        (["--depths", "101"], 2, f"--depths {NUMBERS} 100, as 1-4 or 2,4, but is 101."),
        (["--batches", "1-9999999999999"], 2, f"--batches {NUMBERS} 1000000, as 1-4 or 2,4, but "
         "is 1-9999999999999."),
        (["--against", "jax"], 2, "'jax' is not one of 'jet'"),
        (["--against", "jet"], 2, "the package jet-for-pytorch is not installed. Install it: pip "
         "install jet-for-pytorch; it needs Python 3.12 or later."),
        (["--out", "table.txt"], 6, "table.txt is no picture. Let the name after --out end in "
         ".png, .svg or .pdf."),
        (["--out", "nowhere/a.png"], 6, "the folder of nowhere/a.png does not exist. Create it "
         "first."),
    ],
)  # fmt: skip
def test_wrong_options_are_refused(options, code, says, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jet", None)
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "derivatives", *options]) == code
    assert says in " ".join(capsys.readouterr().err.split())
