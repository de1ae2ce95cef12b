"""The fence."""

from __future__ import annotations

from types import FrameType


class FenceError(RuntimeError):
    """Wall clock, thread, socket or unseeded randomness inside a virtual run."""


def caller_of(frame: FrameType | None) -> str:
    """Name the file, line and module of a frame."""
    if frame is None:
        return "?"
    return f"{frame.f_code.co_filename}:{frame.f_lineno} (module {frame.f_globals.get('__name__', '?')})"
