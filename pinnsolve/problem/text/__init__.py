"""The text of a problem file: its values, their places, and the faults shown there."""
