"""Job functions, each safe to run twice."""
