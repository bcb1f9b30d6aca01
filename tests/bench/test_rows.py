from pinnsolve.bench.rows import lines, machine, said


def test_words_stand_on_the_left_and_numbers_on_the_right():
    rows = [{"name": "one", "ms": 1.234, "lowest_ms": 1}, {"name": "a long name", "ms": None}]
    assert list(lines(rows, {"name": "6s", "ms": "6.2f", "lowest_ms": "3d"})) == [
        "name        ms  lowest ms",
        "one       1.23          1",
        "a long name       –          –",
    ]


def test_rows_are_shown_as_they_come():
    def endless():
        while True:
            yield {"n": 1}

    shown = lines(endless(), {"n": "2d"})
    assert [next(shown) for _ in range(3)] == [" n", " 1", " 1"]


def test_the_machine_is_told_in_one_line():
    line = said(
        {**machine(), "processor": "A", "devices": ["B"], "cores": 2, "threads": 1, "load": 0}
    )
    assert line.startswith("A, B, 2 cores, threads 1, load 0.00, python 3.")
    assert "torch" in line
    assert "\n" not in line
