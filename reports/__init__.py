"""From a verdict to what people and machines read: a page, JUnit, JSON.

A report only shows. Whatever is decided, counted or summed is in the summary (`contracts/verdict.py`) before it comes
here, so that two readers of one run cannot disagree. What runs leave is written to their own directories, never here.
"""
