"""The connector for any application that is provisioned over SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865)."""
