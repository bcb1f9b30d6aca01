"""What all tests share: one thread, double precision, fixed seeds, made-up solutions; GPU tests."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
import torch

from pinnsolve.accuracy import measure
from tests import typechecking
from tests.solutions import Case, case, case_in_time

ENOUGH = 1000  # points at which errors are measured


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a CUDA device where there is none."""
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


@pytest.fixture(autouse=True)
def _types_are_checked() -> None:
    typechecking.begin()


@pytest.fixture(autouse=True)
def _same_numbers_every_time() -> None:
    torch.set_num_threads(1)  # more threads are slower on small arrays, and add up differently
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


def _few(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that draws points, but few of them; their number is its last but one."""

    def drawn(*arguments: Any) -> Any:
        *where, count, seed = arguments
        return draw(*where, min(count, ENOUGH), seed)

    return drawn


@pytest.fixture(autouse=True, scope="session")
def _errors_are_measured_at_few_points() -> Iterator[None]:
    """The points of a file that does not tell how many cost more than a small problem."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("sample", "sample_in_time"):
            patch.setattr(measure, name, _few(getattr(measure, name)))
        yield


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out of reports, which take longer than all else that a run writes."""
    for name in ("report", "flow", "growth", "data", "observables"):
        module = import_module(f"pinnsolve.output.report.{name}")
        for draw in [key for key in vars(module) if key.endswith("_figure")]:
            monkeypatch.setattr(module, draw, lambda *_: "not drawn")
        for show in {"set_apart", "svg"} & set(vars(module)):
            monkeypatch.setattr(module, show, lambda *_: "<figure/>")


@pytest.fixture(name="case")
def _case() -> Callable[..., Case]:
    return case


@pytest.fixture(name="case_in_time")
def _case_in_time() -> Callable[..., Case]:
    return case_in_time
