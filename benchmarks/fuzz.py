"""Problem files at random: what comes of them, with the most processor time and memory one takes.

A file must be a problem or be told to be none (`PinnsolveError`), and start no program. What else
comes of one is kept, with its traceback, in a folder, as is what takes more than five seconds.

    python -m benchmarks.fuzz [--cases 100000] [--seed 0] [--failures FOLDER] [--json FILE]
"""

import resource
import signal
import sys
import traceback
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time
from types import FrameType
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks.reporting import options_of, report
from tests.fuzzing import examine, files

SECONDS = 5.0  # of processor time a case
BYTES = 4 * 2**30  # of address space, all of it
BATCH = 1000  # cases a row


FORBIDDEN = ("os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen")


class Escape(BaseException):
    """A file made the process start another."""


watched: list[str] = []  # the file that is read


def watch(event: str, _arguments: object) -> None:
    if watched and event in FORBIDDEN:
        raise Escape(event)


class TooLong(BaseException):
    """A case took more than its time."""


def stop(_signal: int, _frame: FrameType | None) -> None:
    raise TooLong


def case(text: str, folder: Path) -> tuple[str, float]:
    """Return what came of a file, and its processor time in seconds; keep it if it failed."""
    start = process_time()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    watched.append(text)
    try:
        outcome = examine(text)
    except TooLong:
        outcome = "too long"
    except (Exception, Escape) as error:  # whatever it is, it is no PinnsolveError
        outcome = type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        watched.clear()
    seconds = process_time() - start
    if outcome not in ("problem", "ProblemError", "FileError"):
        folder.mkdir(exist_ok=True, parents=True)
        stem = folder / f"{outcome.replace(' ', '-')}-{abs(hash(text)):x}"
        stem.with_suffix(".toml").write_text(text)
        stem.with_suffix(".txt").write_text(traceback.format_exc())
    return outcome, seconds


def batch(number: int, cases: int, folder: Path) -> dict[str, Any]:
    """Return what came of a number of files."""
    outcomes: Counter[str] = Counter()
    worst = total = 0.0

    @seed(number)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(files())
    def draw(text: str) -> None:
        nonlocal worst, total
        outcome, seconds = case(text, folder)
        outcomes[outcome] += 1
        worst, total = max(worst, seconds), total + seconds

    begin = perf_counter()
    draw()
    right, wrong = outcomes["problem"], outcomes["ProblemError"] + outcomes["FileError"]
    return {
        "seed": number,
        "cases": outcomes.total(),
        "problems": right,
        "refused": wrong,
        "failed": outcomes.total() - right - wrong,
        "worst_s": worst,
        "mean_ms": 1e3 * total / max(outcomes.total(), 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "seconds": perf_counter() - begin,
    }


def rows(options: Namespace) -> Iterator[dict[str, Any]]:
    left, number = options.cases, options.seed
    while left > 0:
        row = batch(number, min(left, BATCH), options.failures)
        yield row
        left -= max(row["cases"], 1)
        number += 1


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first thousand cases")
    parser.add_argument("--failures", type=Path, default=Path("fuzz-failures"))
    options = parser.parse_args()
    signal.signal(signal.SIGPROF, stop)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    sys.addaudithook(watch)
    columns = {"seed": "6d", "cases": "6d", "problems": "9d", "refused": "8d", "failed": "7d"}
    columns |= {"worst_s": "8.2f", "mean_ms": "8.1f", "peak_mib": "9.0f", "seconds": "8.1f"}
    found = report(options, (rows(options), columns))
    total = {key: sum(row[key] for row in found) for key in ("cases", "problems", "failed")}
    worst = max(row["worst_s"] for row in found)
    print(
        f"{total['cases']} cases, {total['problems']} problems, {total['failed']} failures; ",
        end="",
    )
    print(f"at most {worst:.2f} s and {max(row['peak_mib'] for row in found):.0f} MiB")


if __name__ == "__main__":
    main()
