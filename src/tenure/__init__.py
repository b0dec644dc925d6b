"""Tenure keeps every account in the Atlassian applications in step with a company's identity provider."""
