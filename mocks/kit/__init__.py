"""What every mocked system is built from: operations, dispatch, tokens, paging, quirks, webhooks, OpenAPI, ASGI.

The kit knows HTTP and commits. It knows no business: an invoice or a period in here would be in the wrong room.

Errors drawn as a tree::

    Refused          a rule of the system says no; becomes a 4xx or 5xx in the family's own error shape
    QuirksError      a quirks.toml does not have the form that the test demands
"""
