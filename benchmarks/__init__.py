"""One runnable file per figure of the README: `python -m benchmarks.<name>`. Each prints ratios to a yardstick."""
