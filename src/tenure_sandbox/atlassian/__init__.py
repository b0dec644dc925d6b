"""Stand-ins for Atlassian's applications, one folder each, and what they share with any other."""
