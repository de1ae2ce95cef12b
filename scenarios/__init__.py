"""What happens, as data: one TOML file for each scenario, and in `regressions/` the shrunk failures that stay fixed.

No code belongs here; this file makes the folder a package, so that the wheel carries the scenarios.
"""
