"""Several machines on this one: a load balancer, patients' and clinic's machines, two databases, and what goes wrong.

`python -m tests.machines` builds them, lets patients fill in forms while one thing after another fails, and then tells
from outside whether anything that was acknowledged is missing, doubled or mixed up.
"""
