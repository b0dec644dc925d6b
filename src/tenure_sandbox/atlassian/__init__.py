"""Stand-ins for Atlassian's applications, one folder each."""
