import pytest

from pinnsolve.output.numbers import duration, instant, scientific


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.234e-6, "1.2·10⁻⁶"), (9.99e-6, "1.0·10⁻⁵"), (-3e12, "−3.0·10¹²"), (0.0123, "0.012"),
        (0.0, "0"), (100.0, "100"), (1234.0, "1200"), (None, "–"), (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert scientific(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.00123, "1.2 ms"), (0.0991, "99 ms"), (0.34, "340 ms"), (0.9996, "1.0 s"),
        (2.54, "2.5 s"), (59.97, "1 min 0 s"), (125, "2 min 5 s"), (7300, "2 h 1 min"), (None, "–"),
    ],
)  # fmt: skip
def test_times_are_in_the_unit_that_fits(seconds, text):
    assert duration(seconds) == text


def test_a_time_level_is_a_short_label():
    assert [instant(t) for t in (0.0, 1.0, 0.25, -1 / 3, 1234.5, 1e-7)] == [
        "t = 0", "t = 1", "t = 0.25", "t = −0.333", "t = 1230", "t = 1.00·10⁻⁷",
    ]  # fmt: skip
