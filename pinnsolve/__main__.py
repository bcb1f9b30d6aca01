"""Run the command line by ``python -m pinnsolve``."""

from pinnsolve.cli import run

if __name__ == "__main__":
    run()
