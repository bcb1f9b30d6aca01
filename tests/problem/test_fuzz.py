"""Files at random: each is a problem or told to be none, after bounded work.

`python -m benchmarks.fuzz` draws as many as one likes, and measures processor time and memory.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings

from tests.fuzzing import BASES, examine, files

MANY = 20_000_000  # calls: some seconds
ROOT = Path(__file__).parents[2]


def test_the_files_that_are_changed_are_right():
    assert [examine(tomli_w.dumps(base)) for base in BASES] == ["problem"] * 3


@pytest.mark.parametrize("cases", [300, pytest.param(10_000, marks=pytest.mark.study)])
def test_every_file_is_a_problem_or_told_to_be_none(tmp_path, cases):
    # in a process of its own, for types are checked in this one at every call
    kept = [*("--failures", tmp_path / "failures"), *("--json", tmp_path / "rows.json")]
    command = [sys.executable, "-m", "benchmarks.fuzz", "--cases", str(cases), *map(str, kept)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert sum(row["cases"] for row in rows) >= cases
    assert all(row["failed"] == 0 for row in rows)
    # both kinds are drawn; of a hundred files one to three are still problems
    assert sum(row["problems"] for row in rows) > 0
    assert sum(row["refused"] for row in rows) > 0.4 * cases


@given(files())
@settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_program_is_started_and_the_work_is_bounded(text):
    count = 0

    def note(_frame, event, _function):
        nonlocal count
        count += event in ("call", "c_call")
        assert count < MANY

    sys.setprofile(note)
    try:
        examine(text)
    finally:
        sys.setprofile(None)
