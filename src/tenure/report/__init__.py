"""Plans, runs and the story behind a state, as text, JSON or HTML."""
