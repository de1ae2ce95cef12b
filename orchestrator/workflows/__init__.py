"""One pure reducer for each business process: `decide(state, event) -> (state, commands)`; no clock, no I/O, no chance."""
