"""Benchmarks of training beside other code that trains the same model: `python tests/benchmarks/bench.py`."""
