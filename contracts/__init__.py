"""What all sides share and what must hold: ports, wire messages, journal entries, scenarios, plans, cases, invariants.

Everything here is small, frozen and imports nothing else of ours, so that the estate, an orchestrator and the oracle
agree on words without knowing each other. Behaviour does not belong here; a type, a schema or a pure fold does.

Errors drawn as a tree::

    ContractError            a user's file does not fit its contract; one line with file, line and key
    WireError                what a caller may meet instead of a reply
    ├── NotSent              certainly never reached the system: refused, unresolved, connect timeout
    └── NoReply              sent, and no whole reply came: the outcome is unknown
        ├── TimedOut
        └── BrokenReply
"""
