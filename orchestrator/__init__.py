"""The reference sync orchestrator: keeps procurement, receiving, invoice capture and the ERP in step.

How it flows: a webhook or a poll brings news → `engine/intake` notes it in the inbox → the workflow's pure reducer decides
→ its commands become effects, durable in the same transaction → `engine/effects` carries them out through a connector and
feeds the outcome back. `contracts` is all that it shares with the rest of this repository; it could be lifted out.

Errors drawn as a tree::

    StoreError               the store could not do what was asked
    ├── StoreBusy            another writer holds the file; try again a little later
    └── LeaseLost            another worker has taken the row over; drop what you were about to write
    ConnectorError           a document cannot be read as its dialect promises
"""
