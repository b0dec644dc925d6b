"""The doing: intake of events, draining of marks, recovery after a crash."""
