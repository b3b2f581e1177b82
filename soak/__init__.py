"""Proofs of the promises in `docs/reliability.md`: real processes, killed, paused and starved for real.

Each scenario is a function of a size and a seed that returns a `Verdict`; `tests/faults` runs it small, `make soak`
runs it large.
"""
