"""Requests that no page of ours makes, by the hundred thousand, and a judge of what comes back: `make fuzz`."""
