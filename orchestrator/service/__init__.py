"""The reference orchestrator as a process of its own: calls over HTTP, webhooks in by HTTP, its state in one SQLite file.

It is configured by the estate's settings document, and told the business time by the estate's control plane. Killed and
started again with the same directory it goes on where it was: everything it acknowledged is in the file.

    serve   settings, start and end        app      webhooks, health, idle, and the read API
    clock   business time                  records  what the read API says, out of the store
    ports   what the engine works through
"""
