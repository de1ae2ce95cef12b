"""The real door: the same estate behind real HTTP, its clock paced by the wall clock.

One uvicorn server in one asyncio loop. Inside it lies the virtual loop of `sim/clock.py`, stepped from outside: peek at what
is due, sleep, step. So wire, postman, faults and world are the very same code behind both doors; only who is under test
differs, a program that calls over HTTP and has a URL for webhooks.

    server   uvicorn, the connections, start and end      pace     how the clock moves: paced, standing, advanced
    stage    the estate of one run, and its end           subject  the program under test, as the estate sees it
    control  the control plane, /_estate/…                faults   faults that come and go while it runs
"""
