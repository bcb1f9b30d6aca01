"""Whether the time levels follow point sources that move.

Between two levels a solution is a polynomial in time. A source that moves by more than half of its
width from one to the next is seen at the levels alone.
"""

from math import ceil

import numpy as np

from pinnsolve.problem import Problem

MOST = 0.5  # of its width, that a source may move between two levels


def doubts(problem: Problem) -> list[str]:
    """Return a sentence for each source of a problem that moves too far between two levels."""
    times, found = problem.times, list[str]()
    if times is None or len(times) < 2:
        return found
    for source in problem.sources:
        assert source.width is not None
        steps = np.linalg.norm(np.diff(source.places(times), axis=0), axis=1)
        far = float(steps.max()) / source.width.value
        if far > MOST:
            found.append(
                f"the point source at {source.where} moves by {far:.2g} of its width between two "
                f"of the {len(times)} time levels: near it the solution is known at the levels "
                f"alone. Raise nodes.time_levels to {ceil(far / MOST * (len(times) - 1)) + 1} "
                "for one that may be asked at other instants."
            )
    return found
