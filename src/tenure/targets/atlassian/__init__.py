"""Atlassian's applications."""
