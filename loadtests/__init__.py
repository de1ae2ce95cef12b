"""The close peak over the real door, with Locust, in processes of their own: Locust replaces the sockets of its process.

Load is generated from an arrival schedule that `sim` writes, in an open model: an answer that comes late makes no later
call wait, as in life. What the load did to the estate is judged by `sim` afterwards, from the journal.
"""
