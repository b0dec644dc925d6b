"""What each version of Bitbucket can do, in one table."""

from __future__ import annotations

from tenure_sandbox.atlassian.version import FOREVER, Spans, Versions

# Feature: from this version, up to but without that one. All first versions are guesses: the document of 9.2 has all
# of them, and the pages of 7.x lack them.
SPANS: Spans = {
    "ssh_user_name": ((8, 0), FOREVER),  # the parameter `userName` of the SSH keys, beside `user`
    "ssh_key_by_id": ((8, 0), FOREVER),  # GET of one SSH key
    "permissions_of_many": ((8, 0), FOREVER),  # DELETE of the permissions of several at a project or repository
    "permission_search": ((8, 0), FOREVER),  # at a project or repository
    "reviewer_groups": ((8, 0), FOREVER),  # at a project or repository
    "key_expiry": ((8, 0), FOREVER),  # keys tell when they were made, and when they end
}

version = Versions("Bitbucket", (7, 0), (10, 0), SPANS, ("8.19.5", "9.2.0"))
