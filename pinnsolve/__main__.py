"""Run the command line by ``python -m pinnsolve``."""

from pinnsolve.cli.app import run

if __name__ == "__main__":
    run()
