"""The simulation: one clock, one seed, a world, faults, the wire, the journal, and the composition root that sees all.

Nothing a mocked system or an orchestrator needs belongs here; they know only `contracts`. Errors drawn as a tree::

    RuntimeError
    ├── FenceError              wall clock, thread, socket or unseeded randomness inside a virtual run
    ├── Livelock                too many steps in one virtual instant
    ├── StalledError            an awaited result can no longer come: nothing is left to do
    └── JudgeLostError          the judge's process ended before its last word
    BaseException
    └── IncarnationDiedError    code went on after its own incarnation died
"""
