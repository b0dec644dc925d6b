"""What each version of Jira can do, in one table."""

from __future__ import annotations

from tenure_sandbox.atlassian.version import FOREVER, Spans, Versions

# Feature: from this version, up to but without that one. Where a minor version is a guess, the comment says so.
SPANS: Spans = {
    "deactivate": ((8, 3), FOREVER),  # PUT /user takes `active`
    "numbered_keys": ((8, 4), FOREVER),  # JIRAUSER10100 instead of the first username
    "anonymize": ((8, 7), FOREVER),  # users are anonymized
    "bearer": ((8, 14), FOREVER),  # personal access tokens
    "duplicates": ((8, 19), FOREVER),  # names that more than one directory has are told
    "group_with_users": ((8, 0), (10, 0)),  # GET /group, absent from the document of 10.3; the last version is a guess
    "user_list": ((10, 3), FOREVER),  # the first version is a guess; 10.3.24 documents it
    "accessibility": ((9, 0), FOREVER),  # settings of accessibility; the first version is a guess
    "first_hundred": ((10, 0), (10, 3)),  # user search ends at the hundredth result; when it was lifted is a guess
}

version = Versions("Jira", (8, 0), (11, 0), SPANS, ("9.12.0", "10.3.24"))
