"""The door that identity providers push to (SCIM 2.0, RFC 7643 and 7644)."""
