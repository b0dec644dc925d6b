"""Honest stand-ins for the applications that Tenure writes to, kept apart from Tenure itself."""
