"""What came out, in plain words: how good, how long, and whether a network was worth it.

The direct solution on the same nodes is the measure. Where it is as accurate and no slower, the
verdict says so: a network that solves one linear problem once rarely pays.
"""

from pinnsolve.accuracy.measure import relative_l2
from pinnsolve.accuracy.truth import exact_at
from pinnsolve.output.numbers import duration, scientific
from pinnsolve.solution.accuracy import Baseline
from pinnsolve.solution.solution import Solution

METHODS = {
    "rbf-fd": "the direct RBF-FD method",
    "dt-pinn": "a network trained with RBF-FD derivatives (DT-PINN)",
    "pinn": "a network trained with exact derivatives (PINN)",
}
STATUS = {
    "finished": "",
    "accuracy missed": "The accuracy that was asked for was not reached.",
    "diverged": "The training diverged; what is shown here is its last finite state.",
    "stopped": "The work was stopped before its end; what is shown here is what there was.",
}
SIMILAR = 1.25  # ratio of two errors or times that a reader should take for equal


def verdict(solution: Solution) -> list[str]:
    """Return the verdict, sentence by sentence."""
    taken = solution.seconds.get("total")
    how = f"Solved by {METHODS.get(solution.method, solution.method)} on "
    how += f"{solution.nodes.rows.stop:,} nodes"
    if solution.times is not None:
        how += f" and {len(solution.times):,} time levels"
    how += f" in {duration(taken)}." if taken else "."
    status = [STATUS.get(solution.status, solution.status)]
    if solution.status != "finished":
        status.append(solution.message)
    error = [_parameters(solution), _error(solution), _estimate(solution), *solution.warnings]
    said = [*status, how, *error, _comparison(solution)]
    return [sentence for sentence in said if sentence]


def _parameters(solution: Solution) -> str:
    """Return what the unknown parameters came out as."""
    found = []
    for name, parameter in solution.found_parameters.items():
        text = f"{name} = {parameter.found:.12g}"
        if parameter.error is not None:
            text += f", {scientific(parameter.error)} from its true value"
        found.append(text)
    return f"Found {'; '.join(found)}." if found else ""


def _error(solution: Solution) -> str:
    """Return how large the error is, or what is known instead."""
    errors, baseline = solution.errors, solution.baseline
    if errors is not None:
        worst = max(errors.relative_l2, key=lambda name: errors.relative_l2[name])
        measured = "measured against the exact solution at "
        measured += f"{errors.test_points:,} points "
        measured += "" if solution.times is None else "of space and time "
        measured += "that were not trained on."
        largest = scientific(errors.relative_l2[worst])
        if len(errors.relative_l2) == 1:
            return f"The relative L2 error is {largest}, {measured}"
        return f"The largest relative L2 error, that of {worst}, is {largest}, {measured}"
    unknown = "No exact solution is known, so the error was not measured"
    if baseline is None or baseline.values is None:
        return f"{unknown}."
    apart = scientific(relative_l2(solution.values, baseline.values))
    return (
        f"{unknown}; from the direct solution on the same nodes it differs by {apart} "
        "(relative L2)."
    )


def _estimate(solution: Solution) -> str:
    """Return the estimate of the error, and how much of it the training left."""
    found = solution.estimate
    if found is None:
        return ""
    if found.worst is None:
        return f"The error could not be estimated: {found.message}"
    largest = "largest " if len(found.total) > 1 else ""
    text = f"Estimated from the equations alone, the {largest}relative L2 error on the nodes is "
    text += scientific(found.worst)
    left = [value for value in found.optimisation.values() if value is not None]
    if solution.method != "rbf-fd" and left:
        text += f", and the training left {scientific(max(left))}"
    return f"{text}; this is no bound."


def _comparison(solution: Solution) -> str:
    """Return how the direct solution on the same nodes compares."""
    baseline = solution.baseline
    if solution.found_parameters:
        return (
            "There is no direct solution to compare with: a discretisation leaves no room for "
            "unknown parameters."
        )
    if baseline is None:
        return "No network was trained." if solution.method == "rbf-fd" else ""
    if baseline.values is None:
        return f"The direct solution on the same nodes failed: {baseline.message}"
    exact = exact_at(solution.problem, solution.nodes)
    needed = ("operators", "set-up", "training") if solution.method == "dt-pinn" else ("training",)
    seconds = sum(solution.seconds.get(stage, 0.0) for stage in needed)
    speed = _faster(seconds / baseline.seconds) if seconds and baseline.seconds else ""
    times = f"({duration(baseline.seconds)} against {duration(seconds)})"
    if exact is None or baseline.relative_l2 is None:
        return f"The direct solution is {speed} {times}." if speed else ""
    return _comparison_of_errors(baseline, relative_l2(solution.values, exact), speed, times)


def _comparison_of_errors(baseline: Baseline, error: float, speed: str, times: str) -> str:
    """Return the comparison where both errors are known."""
    its_error = baseline.relative_l2 or 0.0
    if its_error * SIMILAR < error:
        accuracy = "more accurate"
    else:
        accuracy = "less accurate" if its_error > SIMILAR * error else "as accurate"
    errors = f"(relative L2 error {scientific(its_error)} against {scientific(error)} on the nodes)"
    is_good, is_fast = accuracy != "less accurate", not speed.endswith("slower")
    link = "and" if is_good == is_fast else "but"
    text = f"The direct solution of the same equations on the same nodes is {accuracy} {errors}"
    text += f" {link} {speed} {times}." if speed else "."
    if is_good and is_fast:
        text += " For this problem alone, it is the better choice."
    return text


def _faster(ratio: float) -> str:
    """Return in words how many times faster something is."""
    if 1 / SIMILAR < ratio < SIMILAR:
        return "as fast"
    word, factor = ("faster", ratio) if ratio > 1 else ("slower", 1 / ratio)
    return f"{float(f'{factor:.2g}'):g} times {word}"
