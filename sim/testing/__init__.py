"""The pytest plugin: estates as fixtures, for whoever tests an orchestrator or a design. pytest finds it in the wheel by itself.

It is loaded in every pytest run of an environment that has the wheel, whether or not that run has to do with it. So `plugin`
and `marker` import nothing of ours but each other; what they need is imported when a fixture asks for it.

    plugin   hooks and fixtures                     virtual  the estate in virtual time
    marker   what a test asks for, and from where   served   the estate over HTTP, a process of its own
                                                    verdict  what came of it
"""
