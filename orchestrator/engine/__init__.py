"""What carries a workflow out: inbox, processes, effects, timers, leases, retry, limits, polling, reconciliation.

It knows no business rule: `workflows` decides, `connectors` speak, `store` keeps, and the engine sees to it that nothing
which was acknowledged is lost and nothing is done twice, whatever breaks in between.
"""
