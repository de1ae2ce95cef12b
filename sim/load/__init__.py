"""Load over the real door: what is to arrive when, the processes that play it, and what came of it.

calm      the scenario without what fails and without what needs a person, as a file that is served
recorded  a virtual run of it, and with it every call that an integration makes for every paper
schedule  the recorded calls as arrivals: phases, lanes, and a window compressed into seconds
stand     the processes: estate, orchestrator, generators, and the estate's control plane
conduct   one load test from its first process to the verdict
"""
