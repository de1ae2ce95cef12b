"""What every test run needs before its first test: no telemetry, and property tests that repeat themselves exactly."""

from __future__ import annotations

import logging
import os

from hypothesis import settings

os.environ["PACT_DO_NOT_TRACK"] = "true"
logging.getLogger("pact.ffi").setLevel(logging.ERROR)

settings.register_profile("closeproof", derandomize=True, deadline=None, database=None)
settings.load_profile("closeproof")
