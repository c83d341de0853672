"""What performance is measured with; `python -m benchmarks` prints the table of ratios."""
