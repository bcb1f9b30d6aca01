"""Numbers as a person writes them: 1.2·10⁻⁶, 340 ms, 20,000."""

import math

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """Return a power of ten.

    >>> power_of_ten(-6)
    '10⁻⁶'
    """
    return "10" + str(exponent).translate(SUPERSCRIPTS)


def scientific(value: float | None, digits: int = 2) -> str:
    """Return a number with some significant digits, as a power of ten where that is shorter.

    >>> scientific(1.234e-6), scientific(0.0123), scientific(None)
    ('1.2·10⁻⁶', '0.012', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if value == 0 or -3 <= int(exponent) <= 3:
        return f"{float(f'{value:.{digits}g}'):g}".replace("-", "−")
    return f"{mantissa}·{power_of_ten(int(exponent))}".replace("-", "−")


def between(ends: tuple[float, float] | None) -> str:
    """Return an interval with as many digits as tell its ends apart.

    >>> between((0.99, 1.01)), between((0.99999959, 1.00000191)), between(None)
    ('0.99 to 1.01', '0.99999959 to 1.0000019', '–')
    """
    if ends is None:
        return "–"
    size, width = max(map(abs, ends)), ends[1] - ends[0]
    if not (math.isfinite(size) and width > 0):
        return f"{ends[0]:.6g} to {ends[1]:.6g}"
    digits = min(max(6, math.ceil(math.log10(size / width)) + 2), 17)
    return f"{ends[0]:.{digits}g} to {ends[1]:.{digits}g}"


def instant(t: float) -> str:
    """Return a time level as a label.

    >>> instant(0.0), instant(-1 / 3)
    ('t = 0', 't = −0.333')
    """
    return f"t = {scientific(t, 3)}"


def duration(seconds: float | None) -> str:
    """Return a time in the unit that fits.

    >>> duration(0.0123), duration(2.5), duration(125), duration(7300)
    ('12 ms', '2.5 s', '2 min 5 s', '2 h 2 min')
    """
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 0.9995:
        return f"{seconds * 1000:.2g} ms" if seconds < 0.0995 else f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
