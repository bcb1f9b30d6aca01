"""How much memory a solve takes, next to what `pinnsolve check` forecasts.

Every shipped problem is solved by every method, and the disk on larger node sets, each in a
process of its own. The peak is that of the resident set; Linux also tells the peak of each stage,
from one report of progress to the next.

    python benchmarks/memory.py [--problems NAME ...] [--methods ...] [--counts ...] [--json FILE]
"""

import json
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROBLEMS = Path(__file__).parents[1] / "problems"
METHODS = ("rbf-fd", "dt-pinn", "pinn")
LARGE = ("disk_poisson", (20000, 100000))
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
SHARE = 1.3  # of the forecast, within which the peak shall be
MIB = 2**20


def peak() -> int:
    """Return the largest resident set since the last call, in bytes."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    CLEAR.write_text("5")  # starts anew
    return 1024 * int(line.split()[1])


def solve(path: str, overrides: dict[str, object]) -> dict[str, object]:
    """Solve a problem in this process; return what was forecast, and the peaks by stage."""
    from pinnsolve import run
    from pinnsolve.checks.memory import forecast
    from pinnsolve.machine import prepare
    from pinnsolve.problem import load
    from pinnsolve.progress import Progress
    from pinnsolve.setup import Setup

    prepare(None)  # as the command line does
    problem = load(path, overrides)
    peaks: dict[str, int] = {}
    stage = "start"

    def book(next_stage: str) -> None:
        nonlocal stage
        if next_stage != stage:
            peaks[stage] = max(peaks.get(stage, 0), peak())
            stage = next_stage

    def watch(progress: Progress) -> None:
        book(progress.stage)

    try:
        solution = run.solve(problem, watch=watch)
        book("report")
        with tempfile.TemporaryDirectory() as folder:
            run.write(solution, Path(folder) / "run")
        book("end")
    except Exception as error:  # a method that cannot treat the problem says so
        return {"error": f"{type(error).__name__}: {error}"}
    setup = Setup(problem)
    return {
        "nodes": setup.nodes.rows.stop,
        "forecast": forecast(problem, setup.nodes, setup.conditions),
        "peaks": peaks,
    }


def measured(path: Path, overrides: dict[str, object]) -> dict[str, object]:
    """Solve a problem in a process of its own."""
    work = [sys.executable, __file__, "--solve", str(path), json.dumps(overrides)]
    ran = subprocess.run(work, capture_output=True, text=True)
    if ran.returncode:
        return {"error": (ran.stderr.splitlines() or ["it ended without a word"])[-1]}
    return json.loads(ran.stdout.splitlines()[-1])


def row(name: str, method: str, count: int | None) -> dict[str, Any]:
    overrides: dict[str, object] = {"solver.method": method}
    if count:
        overrides["nodes.count"] = count
    found: dict[str, Any] = measured(PROBLEMS / f"{name}.toml", overrides)
    found = {"problem": name, "method": method, **found}
    if "error" in found:
        return {**found, "stage": str(found["error"]).partition("\n")[0]}
    at, peak_of_all = max(found["peaks"].items(), key=lambda item: item[1])
    named, forecast = max(found["forecast"].items(), key=lambda item: item[1])
    ratio = peak_of_all / forecast
    return {
        **found,
        "peak_mib": peak_of_all / MIB,
        "stage": at,
        "forecast_mib": forecast / MIB,
        "forecast_stage": named,
        "ratio": ratio,
        "verdict": "" if 1 / SHARE < ratio < SHARE else "off",
    }


def rows(options: Namespace) -> Iterator[dict[str, Any]]:
    cases = [(name, method, None) for name in options.problems for method in options.methods]
    if LARGE[0] in options.problems:
        cases += [(LARGE[0], method, n) for n in options.counts for method in options.methods]
    for case in cases:
        yield row(*case)


def main() -> None:
    if sys.argv[1:2] == ["--solve"]:
        print(json.dumps(solve(sys.argv[2], json.loads(sys.argv[3]))))
        return
    from reporting import options_of, report  # needs torch, which is not measured above

    names = sorted(path.stem for path in PROBLEMS.glob("*.toml"))
    parser = options_of(__doc__)
    parser.add_argument("--problems", nargs="+", default=names, choices=names)
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--counts", nargs="*", type=int, default=LARGE[1])
    options = parser.parse_args()
    columns = {"problem": "24s", "method": "8s", "nodes": "7d", "peak_mib": "6.0f", "stage": "20s"}
    columns |= {"forecast_mib": "6.0f", "forecast_stage": "20s", "ratio": "5.2f", "verdict": "4s"}
    report(options, (rows(options), columns))


if __name__ == "__main__":
    main()
