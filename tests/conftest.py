"""What all tests share: one thread, double precision, fixed seeds, made-up solutions; GPU tests."""

from collections.abc import Callable

import pytest
import torch

from tests import typechecking
from tests.solutions import Case, case, case_in_time


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


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out of reports, which take longer than all else that a run writes."""
    for module in ("report", "flow", "growth"):
        monkeypatch.setattr(f"pinnsolve.output.report.{module}.set_apart", lambda *_: "<figure/>")


@pytest.fixture(name="case")
def _case() -> Callable[..., Case]:
    return case


@pytest.fixture(name="case_in_time")
def _case_in_time() -> Callable[..., Case]:
    return case_in_time
