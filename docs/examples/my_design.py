# ruff: noqa: INP001
"""A design of one's own would stand here; this one is the reference. It is `async def run(ports, durable_dir)`."""

from orchestrator.designs.workflow import run

__all__ = ["run"]
