"""What may be said of several trials: medians over the seeds, with the least and the most.

An error that was never reached takes an infinite time, and is reached zero times as soon as by
the reference; so it cannot drop out of a median unseen. Speed-ups are ratios of times of the
same seed on the same nodes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from statistics import median, median_low

from pinnsolve.solution.course import Record
from pinnsolve.studies.trials import Trial


@dataclass(frozen=True)
class Spread:
    """Median, least and most of a figure over the seeds.

    Attributes
    ----------
    middle, least, most
        A time is infinite where the error was not reached, a speed-up is zero there.
    count
        Over how many seeds.
    """

    middle: float
    least: float
    most: float
    count: int

    def text(self, form: Callable[[float], str]) -> str:
        """Return the median and in brackets the range, where that says more.

        >>> Spread(2.0, 1.0, inf, 3).text("{:g}".format)
        '2 (1–never)'
        >>> Spread(0.5, 0.35, 0.5, 3).text("{:.1g} s".format)
        '0.5 s (0.3–0.5 s)'
        """
        middle, least, most = (
            "never" if figure in (0.0, inf) else form(figure)
            for figure in (self.middle, self.least, self.most)
        )
        if least == most:
            return middle
        number, _, unit = least.partition(" ")
        if unit and most.endswith(f" {unit}") and " " not in unit:
            least = number  # the unit once
        return f"{middle} ({least}–{most})"


def spread(figures: Iterable[float | None]) -> Spread | None:
    """Return the spread of the figures that there are; None if there are none.

    >>> spread([3.0, None, 1.0, float("inf")])
    Spread(middle=3.0, least=1.0, most=inf, count=3)
    """
    known = sorted(figure for figure in figures if figure is not None)
    return Spread(median(known), known[0], known[-1], len(known)) if known else None


def errors(trials: Iterable[Trial]) -> Spread | None:
    """Return the spread of the errors at the end."""
    return spread(trial.relative_l2 for trial in trials)


def seconds(trials: Iterable[Trial]) -> Spread | None:
    """Return the spread of the times to the end."""
    return spread(trial.total for trial in trials)


def seconds_to(trials: Iterable[Trial], target: float) -> Spread | None:
    """Return the spread of the times to an error, infinite where it was never reached."""
    return spread(_seconds(trial.first(target)) for trial in trials if trial.curve)


def seconds_to_lowest(trials: Iterable[Trial]) -> Spread | None:
    """Return the spread of the times to the lowest error."""
    return spread(_seconds(trial.lowest) for trial in trials if trial.curve)


def iterations_to_lowest(trials: Iterable[Trial]) -> Spread | None:
    """Return the spread of the iterations to the lowest error."""
    return spread(trial.lowest.iteration for trial in trials if trial.lowest)


@dataclass(frozen=True)
class SpeedUp:
    """How many times sooner than a reference an error is reached, seed by seed.

    Attributes
    ----------
    ratio
        Time of the reference divided by one's own; zero where one never gets there.
    is_bound
        Whether the reference did not get there in its time with some seed, so that this time
        stands for one that is longer.
    """

    ratio: Spread
    is_bound: bool

    def text(self) -> str:
        """Return it as a person writes it, as in ``≥ 12 × (9.6–14)``."""
        sign = "≥ " if self.is_bound and self.ratio.middle > 0 else ""
        words = self.ratio.text(lambda ratio: f"{float(f'{ratio:.2g}'):g}")
        middle, bracket, rest = words.partition(" (")
        return f"{sign}{middle}{' ×' if middle != 'never' else ''}{bracket}{rest}"


def speed_up(trials: Sequence[Trial], reference: Sequence[Trial], target: float) -> SpeedUp | None:
    """Return the factor by which an error is reached sooner than by the reference.

    Parameters
    ----------
    trials, reference
        Trials on the same nodes; those of equal seed are set against each other, and a direct
        solution, which has no seed, against each.
    target
        The error.

    Returns
    -------
    SpeedUp or None
        None if there is nothing to compare, or if the error is reached by neither.
    """
    pairs = _pairs(trials, reference)
    times = [(_seconds(mine.first(target)), _seconds(other.first(target))) for mine, other in pairs]
    if all(time == inf for pair in times for time in pair):
        return None
    ratios = [
        (their if their < inf else other.total or 0.0) / my
        for (my, their), (_, other) in zip(times, pairs, strict=True)
    ]
    found = spread(ratios)
    assert found is not None
    if median_low(ratios) == 0:  # half of the seeds never get there
        found = replace(found, middle=0.0)
    return SpeedUp(found, any(their == inf for _, their in times))


def speed_up_to_lowest(trials: Sequence[Trial], reference: Sequence[Trial]) -> Spread | None:
    """Return the reference's time to its lowest error, divided by one's own to one's own."""
    pairs = _pairs(trials, reference)
    return spread(_seconds(other.lowest) / _seconds(mine.lowest) for mine, other in pairs)


def common_error(trials: Iterable[Trial]) -> float | None:
    """Return the smallest error that each of the trials reaches; None if there is none."""
    lowest = [trial.lowest for trial in trials]
    known = [record.relative_l2 or 0.0 for record in lowest if record is not None]
    return max(known) if known and len(known) == len(lowest) else None


def _pairs(trials: Sequence[Trial], reference: Sequence[Trial]) -> list[tuple[Trial, Trial]]:
    """Return each trial with those of the reference that it is set against."""
    return [
        (mine, other)
        for mine in trials
        for other in reference
        if mine.lowest and other.lowest
        if mine.seed == other.seed or None in (mine.seed, other.seed)
    ]


def _seconds(record: Record | None) -> float:
    """Return the time of a record; infinity for none."""
    return inf if record is None else record.seconds
