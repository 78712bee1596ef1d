"""The policy language, its built-in policies and the judge."""
