"""What came out, in plain words: how good, how long, and whether a network was worth it.

The direct solution on the same nodes is the measure. Where it is as accurate and no slower, that
is said: a network that solves one linear problem once rarely pays.
"""

from pinnsolve.output.numbers import between, duration, scientific
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.references.truth import truth_at_nodes
from pinnsolve.solution.found import parameter_remarks
from pinnsolve.solution.norms import overall_l2
from pinnsolve.solution.reference import Reference
from pinnsolve.solution.solution import Solution

STATUS = {
    "diverged": "The training diverged; what is shown here is its last finite state.",
    "stopped": "The work was stopped before its end; what is shown here is what there was.",
}
SIMILAR = 1.25  # ratio of two errors or times that a reader should take for equal


def findings(solution: Solution) -> list[str]:
    """Return the findings, sentence by sentence, the verdict first."""
    taken = solution.course.seconds.get("total")
    how = f"Solved by {ABILITIES[solution.method].description} on "
    how += f"{solution.sample.nodes.rows.stop:,} nodes"
    if solution.sample.times is not None:
        how += f" and {len(solution.sample.times):,} time levels"
    how += f" in {duration(taken)}." if taken else "."
    status = [str(solution.verdict), STATUS.get(solution.outcome.status, "")]
    if solution.outcome.status == "stopped":
        status.append(solution.outcome.message)
    error = [
        _parameters(solution),
        _error(solution),
        _reference(solution),
        _estimate(solution),
        *solution.outcome.warnings,
    ]
    said = [*status, how, *error, _comparison(solution)]
    return [sentence for sentence in said if sentence]


def _parameters(solution: Solution) -> str:
    """Return sentences on the unknown parameters: those found, and what is to be said."""
    found = []
    for name, parameter in solution.constants.items():
        if parameter.is_determined is False:
            continue
        text = f"{name} = {parameter.found:.12g}"
        if parameter.interval is not None:
            text += f", from {between(parameter.interval)} with 95 % confidence"
        if parameter.error is not None:
            text += f", {scientific(parameter.error)} from its true value"
        found.append(text)
    said = [f"Found {'; '.join(found)}."] if found else []
    return " ".join([*said, *parameter_remarks(solution.constants)])


def _error(solution: Solution) -> str:
    """Return a sentence on the size of the error, or on what is known instead."""
    errors, baseline = solution.accuracy.errors, solution.accuracy.baseline
    if solution.accuracy.held_out is not None and errors is not None:
        most = max(float(e.max()) for e in solution.accuracy.held_out.errors.values())
        return (
            f"The largest relative L2 error of a function held out is {scientific(most)}, "
            f"measured against {errors.against} at {errors.test_points:,} points."
        )
    if errors is not None:
        worst = max(errors.relative_l2, key=lambda name: errors.relative_l2[name])
        measured = f"measured against {errors.against} at "
        measured += f"{errors.test_points:,} points "
        measured += "" if solution.sample.times is None else "of space and time "
        measured += "that were not trained on."
        if errors.total_variation is not None:
            own = errors.total_variation
            measured += f" At the end the densities differ by {scientific(own.value)} in total "
            measured += f"variation, give or take {scientific(own.half_width)}."
        largest = scientific(errors.relative_l2[worst])
        if len(errors.relative_l2) == 1:
            return f"The relative L2 error is {largest}, {measured}"
        return f"The largest relative L2 error, that of {worst}, is {largest}, {measured}"
    unknown = "No exact solution is known, so the error was not measured"
    if baseline is None or baseline.values is None:
        return f"{unknown}."
    apart = scientific(overall_l2(solution.sample.values, baseline.values))
    return (
        f"{unknown}; from the direct solution on the same nodes it differs by {apart} "
        "(relative L2)."
    )


def _reference(solution: Solution) -> str:
    """Return the sentences on a reference in the place of the exact solution, if there is one."""
    truth, errors = solution.accuracy.truth, solution.accuracy.errors
    if truth is None or not truth.title:
        return ""
    text = f"The classical solver took {duration(truth.seconds)}"
    text = f"{text}{_against_network(solution, truth)}. {truth.message}".rstrip()
    if errors is not None and errors.worst < errors.uncertainty:
        text += " The error measured is smaller than its own: how large it is cannot be told."
    return text


def _against_network(solution: Solution, truth: Reference) -> str:
    """Return a clause on the time of an evolution beside a classical solver's, the winner named."""
    evolved = solution.course.seconds.get("evolution")
    if not evolved or not truth.seconds:
        return ""
    text, ratio = f", the network {duration(evolved)}", truth.seconds / evolved
    if ratio > SIMILAR:
        return f"{text}, {_faster(ratio)}"
    errors = solution.accuracy.errors
    is_closer = errors is not None and truth.error is not None and truth.error < errors.worst
    end = ": for this problem alone the classical one is the better choice"
    return text + end if is_closer else text


def _estimate(solution: Solution) -> str:
    """Return the estimate of the error, and how much of it the training left."""
    found = solution.accuracy.estimate
    if found is None:
        return ""
    if found.worst is None:
        return f"The error could not be estimated: {found.message}"
    largest = "largest " if len(found.total) > 1 else ""
    text = f"Estimated from the equations alone, the {largest}relative L2 error on the nodes is "
    text += scientific(found.worst)
    left = [value for value in found.optimisation.values() if value is not None]
    if ABILITIES[solution.method].has_network and left:
        text += f", and the training left {scientific(max(left))}"
    return f"{text}; this is no bound."


def _comparison(solution: Solution) -> str:
    """Return a sentence that compares the direct solution on the same nodes."""
    baseline = solution.accuracy.baseline
    if solution.constants:
        return (
            "There is no direct solution to compare with: a discretisation leaves no room for "
            "unknown parameters."
        )
    if baseline is None:
        return "" if ABILITIES[solution.method].has_network else "No network was trained."
    if baseline.values is None:
        return f"The direct solution on the same nodes failed: {baseline.message}"
    exact = truth_at_nodes(solution)
    is_discrete = "operators" in ABILITIES[solution.method].needs
    needed = ("operators", "set-up", "training") if is_discrete else ("training",)
    seconds = sum(solution.course.seconds.get(stage, 0.0) for stage in needed)
    speed = _faster(seconds / baseline.seconds) if seconds and baseline.seconds else ""
    times = f"({duration(baseline.seconds)} against {duration(seconds)})"
    if exact is None or baseline.overall_l2 is None:
        return f"The direct solution is {speed} {times}." if speed else ""
    return _comparison_of_errors(baseline, overall_l2(solution.sample.values, exact), speed, times)


def _comparison_of_errors(baseline: Reference, error: float, speed: str, times: str) -> str:
    """Return the comparison where both errors are known."""
    its_error = baseline.overall_l2 or 0.0
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
