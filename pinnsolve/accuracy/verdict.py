"""The verdict: whether a solution is near enough to the truth, and what to change if it is not.

A measured error decides: against the exact solution, or against a reference that knows its own
error. Where nothing can be measured the estimate decides, unless there is reason to think that it
is far too small, or what the training left, if that is too much alone; else the verdict is
*unknown*, which is no better than *not resolved*. The limit is the accuracy that the problem file
asks for, else `LIMIT`: a result that may be 5 % off is used for nothing.

More nodes. An error ``e ~ h^p`` on ``n ~ h^-d`` nodes comes down to ``e'`` with

    n' = n (e / e')^(d/p)

nodes, if it is small enough for the order to show; of a larger one no rate is known.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from types import MappingProxyType

import numpy as np

from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.solution.accuracy import Accuracy, Errors
from pinnsolve.solution.course import Outcome
from pinnsolve.solution.found import FoundConstant
from pinnsolve.solution.functions import FoundFunction
from pinnsolve.solution.norms import overall_l2
from pinnsolve.solution.solution import Sample
from pinnsolve.solution.verdict import Verdict, Word

WIDEST = 0.5  # half of an interval, relative, beyond which a parameter is not determined
LIMIT = 0.05  # relative error from which on a solution is not resolved
ASYMPTOTIC = 0.3  # relative error above which the order says nothing of what more nodes bring
MARGIN = 2.0  # how far below the limit more nodes should bring the error
MOST = 30.0  # times as many nodes: beyond, something else is the matter than their number
UNDETERMINED = "Add what else is known as [[pde.extra]], or fix it in [constants]."
NONE: Mapping[str, FoundFunction] = MappingProxyType({})
MORE_DATA = "More data, or data of less noise, narrow the intervals."
REFERENCE = (
    "The equations are met far better, by the estimate: look whether the reference is of the same "
    "problem, and has values close enough to be interpolated linearly."
)
FARTHER = 10.0  # times the estimate that an error is, if it may be that of the reference
NOT_BY_NODES = "Raise network.hidden and evolution.samples, or lower evolution.rtol."
CLOSER = 3.0  # how many times closer another method has to be to be recommended


def verdict(
    problem: Problem,
    sample: Sample,
    outcome: Outcome,
    accuracy: Accuracy,
    constants: Mapping[str, FoundConstant],
    doubt: tuple[str, str] = ("", ""),
    functions: Mapping[str, FoundFunction] = NONE,
) -> Verdict:
    """Return the verdict on a solution.

    Parameters
    ----------
    problem, sample
        What was solved, and the fields found.
    outcome
        How the work ended.
    accuracy
        What is known of the error.
    constants
        The unknown constants as found.
    doubt
        Why what was found from data is not to be believed, and what to do; empty if there is no
        reason. Where nothing but fields was sought their measured error decides.
    functions
        The unknown functions as found, by name.
    """
    if outcome.status == "diverged":
        reason = outcome.message or "the work left the finite numbers."
        return Verdict("diverged", _sentence(reason), _after_divergence(problem, accuracy))
    asked = problem.settings.solver.accuracy
    limit = asked or LIMIT
    error, kind = _deciding(sample, accuracy)
    is_near = kind == "measured" and error is not None and error <= limit
    if doubt[0] and (constants or not is_near):
        return Verdict("not resolved", *doubt)
    unknown = [name for name, constant in constants.items() if constant.is_determined is False]
    if unknown:
        reason = f"equations and data do not determine {' and '.join(unknown)}."
        return Verdict("not resolved", reason, UNDETERMINED)
    if problem.data and constants:
        return _of_data(constants, asked or WIDEST)
    truth = accuracy.errors
    if error is None and constants:
        return _of_constants(constants, limit)
    if error is None:
        found = _of_functions(functions, limit) or _by_training(problem, accuracy, limit)
        return found or Verdict("unknown", *_unknown(accuracy))
    estimate = accuracy.estimate
    if kind == "estimated" and error <= limit and estimate is not None and estimate.doubt:
        told = f"the estimated relative error, {in_words(error)}, may be far too small: "
        return Verdict("unknown", _sentence(told + estimate.doubt), estimate.remedy)
    word: Word = "resolved" if error <= limit else "not resolved"
    reason = f"the {kind} relative error is {in_words(error)}{_over(accuracy)}"
    if truth is not None and kind == "measured" and not truth.is_exact:
        reason += _against(truth)
        if abs(error - limit) < truth.uncertainty:
            told = f"{reason}: too near to {in_words(limit)} to tell"
            return Verdict("unknown", f"{told}.", "Raise reference.resolution.", error)
    reason += f"; {in_words(asked)} was asked for." if asked else "."
    remedy = "" if word == "resolved" else _remedy(problem, sample, accuracy, error, limit)
    return Verdict(word, reason, remedy, error)


def _over(accuracy: Accuracy) -> str:
    """Return the words on the functions over which the error is a mean, of a family."""
    held_out = accuracy.held_out
    return "" if held_out is None else f" over {held_out.count} functions"


def _against(errors: Errors) -> str:
    """Return the words on a reference that has an error of its own."""
    text = f" against {errors.against}"
    if errors.worst < errors.uncertainty:
        text += ", which is not closer to the truth itself"
    return text


def judged(outcome: Outcome, found: Verdict, asked: float | None) -> Outcome:
    """Return the outcome of a solve, in view of the accuracy that was asked for.

    Parameters
    ----------
    outcome
        How the work ended.
    found
        The verdict on its result.
    asked
        Relative error asked for; None if none was.
    """
    if not asked or outcome.status != "finished" or found.word in ("resolved", "diverged"):
        return outcome
    missed = found.word == "not resolved"
    message = f"{found.reason} {found.remedy}".rstrip()
    return replace(outcome, status="accuracy missed" if missed else outcome.status, message=message)


def in_words(error: float) -> str:
    """Return a relative error as a person says it.

    >>> in_words(0.052), in_words(3.14159e-6), in_words(9.2)
    ('5.2 %', '3.1e-06', '920 %')
    """
    return f"{float(f'{100 * error:.2g}'):g} %" if 0.001 <= error < 1e4 else f"{error:.1e}"


def _deciding(sample: Sample, accuracy: Accuracy) -> tuple[float | None, str]:
    """Return the relative error that decides, and how it is known."""
    if accuracy.held_out is not None:
        return accuracy.held_out.decisive, "mean held-out"
    if accuracy.errors is not None and isfinite(accuracy.errors.worst):
        return accuracy.errors.worst, "measured"
    for reference in accuracy.references:
        if reference.error is not None and reference.values is not None:
            apart = overall_l2(sample.values, reference.values)
            return apart + reference.error, "measured"
    worst = None if accuracy.estimate is None else accuracy.estimate.worst
    return (worst, "estimated") if worst is not None and isfinite(worst) else (None, "")


def _of_data(constants: Mapping[str, FoundConstant], limit: float) -> Verdict:
    """Return the verdict on constants found from data, by their intervals."""
    if any(c.half_width is None for c in constants.values()):
        reason = "how well equations and data determine the unknown constants could not be told."
        return Verdict("unknown", reason, UNDETERMINED)
    told, widest = [], 0.0
    for name, constant in constants.items():
        width = constant.half_width or 0.0
        relative = width / (abs(constant.found) or 1.0)
        widest = max(widest, relative)
        told.append(f"{name} = {constant.found:.6g} to {in_words(relative)}")
    reason = f"data and equations determine {', '.join(told)}, with 95 % confidence."
    if widest <= limit:
        return Verdict("resolved", reason, error=widest)
    return Verdict("not resolved", reason, MORE_DATA, widest)


def _of_functions(functions: Mapping[str, FoundFunction], limit: float) -> Verdict | None:
    """Return the verdict on functions found from data, by their bands; None without any."""
    if not functions:
        return None
    widest = max(own.half_width for own in functions.values())
    told = (f"{name} to {in_words(own.half_width)}" for name, own in functions.items())
    reason = f"data and equations determine {', '.join(told)}, in the mean over 95 % of all places."
    if widest <= limit:
        return Verdict("resolved", reason, error=widest)
    return Verdict("not resolved", reason, MORE_DATA, widest)


def _of_constants(constants: Mapping[str, FoundConstant], limit: float) -> Verdict:
    """Return the verdict on an inverse problem, by its misfit and its standard errors."""
    misfits = [c.misfit for c in constants.values() if c.misfit is not None]
    spreads = [
        c.standard_error / (abs(c.found) or 1.0)
        for c in constants.values()
        if c.standard_error is not None
    ]
    if not all(c.is_determined for c in constants.values()) or not misfits or not spreads:
        reason = "how well equations and data determine the unknown constants could not be told."
        return Verdict("unknown", reason, UNDETERMINED)
    misfit, spread = max(misfits), max(spreads)
    reason = (
        f"equations and data are met to {in_words(misfit)}, and the unknown constants known to "
    )
    reason += f"{in_words(spread)}."
    if max(misfit, spread) <= limit:
        return Verdict("resolved", reason, error=max(misfit, spread))
    return Verdict("not resolved", reason, UNDETERMINED, max(misfit, spread))


def _by_training(problem: Problem, accuracy: Accuracy, limit: float) -> Verdict | None:
    """Return the verdict where the training alone left too much; None if it did not."""
    known = () if accuracy.estimate is None else accuracy.estimate.optimisation.values()
    left = max((value for value in known if value is not None), default=0.0)
    if not ABILITIES[problem.settings.solver.method].has_network or not left > limit:
        return None
    reason = f"the training left a relative error of {in_words(left)}; that of the nodes could not "
    reason += "be estimated."
    baseline, remedy = accuracy.baseline, ""
    if baseline is not None and baseline.values is not None:
        remedy = "The direct solution on the same nodes has none of it: "
        remedy += f'solver.method = "{baseline.name}".'
    return Verdict("not resolved", reason, remedy, left)


def _unknown(accuracy: Accuracy) -> tuple[str, str]:
    """Return the reason for which nothing is known of the error, and a remedy."""
    if accuracy.estimate is None:
        return "nothing is known of the error.", ""
    why = accuracy.estimate.message or "it is not finite"
    return f"the error could not be estimated: {_sentence(why)}", ""


def _remedy(
    problem: Problem, sample: Sample, accuracy: Accuracy, error: float, limit: float
) -> str:
    """Return the change that brings the error below a limit."""
    if accuracy.held_out is not None:
        return "Raise nodes.count and the widths in network.trunk, or operator.family.count."
    if accuracy.errors is None and accuracy.estimate is not None and accuracy.estimate.remedy:
        return accuracy.estimate.remedy
    closer = _closer(problem, sample, accuracy)
    if closer > CLOSER:
        times = float(f"{closer:.2g}")
        name = accuracy.baseline.name if accuracy.baseline else ""
        return (
            f"The direct solution on the same nodes is {times:g} times closer: "
            f'solver.method = "{name}".'
        )
    if accuracy.estimate is not None and accuracy.estimate.remedy:
        return accuracy.estimate.remedy
    if _doubts_reference(accuracy, error):
        return REFERENCE
    settings, n = problem.settings, sample.nodes.rows.stop
    if settings.evolution is not None:
        return NOT_BY_NODES
    factor = (MARGIN * error / limit) ** (sample.nodes.dim / settings.solver.order)
    in_time = "nodes.time_levels" if settings.time_discrete is None else "time_discrete.stages"
    also = "" if problem.time is None else f", and {in_time} alike"
    if error > ASYMPTOTIC:
        return f"Raise nodes.count to {_round(4 * n)} at least{also}, or refine where the error is."
    if factor > MOST:
        return f"Raise nodes.count{also} or solver.order, or refine where the error is."
    return f"Raise nodes.count to about {_round(factor * n)}{also}."


def _doubts_reference(accuracy: Accuracy, error: float) -> bool:
    """Tell whether values of unknown error are farther off than an estimate lets one expect."""
    errors, estimate = accuracy.errors, accuracy.estimate
    if errors is None or errors.is_exact or errors.uncertainty or estimate is None:
        return False
    return estimate.worst is not None and estimate.worst < error / FARTHER


def _closer(problem: Problem, sample: Sample, accuracy: Accuracy) -> float:
    """Return the ratio of the error to that of the direct solution; zero if it is not known."""
    baseline, estimate = accuracy.baseline, accuracy.estimate
    if not ABILITIES[problem.settings.solver.method].has_network or baseline is None:
        return 0.0
    if baseline.values is None:
        return 0.0
    if accuracy.errors is not None and baseline.relative_l2 is not None:
        theirs = max(baseline.relative_l2.values())
        return max(accuracy.errors.relative_l2_nodes.values()) / theirs if theirs else 0.0
    if estimate is None or estimate.total_field is None:
        return 0.0
    apart = sample.values - baseline.values
    ours = float(np.linalg.norm(estimate.total_field))
    theirs = float(np.linalg.norm(estimate.total_field - apart))
    return ours / theirs if theirs else 0.0


def _after_divergence(problem: Problem, accuracy: Accuracy) -> str:
    """Return the remedy of a divergence."""
    able = ABILITIES[problem.settings.solver.method]
    if able.has_network and accuracy.baseline is not None and accuracy.baseline.values is not None:
        return f'The direct solution is finite: solver.method = "{accuracy.baseline.name}".'
    return ""


def _sentence(text: str) -> str:
    """Return a message with a full stop."""
    return text if text.endswith(".") else f"{text}."


def _round(count: float) -> str:
    """Return a number of nodes with two digits.

    >>> _round(1234)
    '1200'
    """
    return f"{float(f'{count:.2g}'):.0f}"
