"""The reference sync orchestrator, and the designs that architects compare it with (`designs/`).

It knows the estate only through the ports of `contracts/ports.py` and could be lifted out and deployed alone. Truth,
faults and everything else that only a simulation can know do not belong here.
"""
