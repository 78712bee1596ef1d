"""The policy language, its built-in policies and the judge.

A policy is YAML (`document.py` reads it, `schema.py` says what it may hold, `load.py` resolves what it extends).
`judge.py` is a pure function of findings, ledger, inventory and policy. It asks `facts.py` what a rule can see of a
finding, `match.py` and `conditions.py` which rules match, `relief.py` what relief changes, and `coverage.py` whether
the run looked as it should have. `lint.py` and `show.py` help the people who write policies.
"""
