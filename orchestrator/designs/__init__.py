"""The designs that can be compared: each a module with `async def run(ports, durable_dir)`, listed here by name."""

from __future__ import annotations

from typing import Final

DESIGNS: Final = ("workflow", "point_to_point", "point_to_point_billed")
"""Names of the modules in this package."""
