"""The policy language, its built-in policies and the judge.

A policy is YAML (`document.py` reads it, `schema.py` says what it may hold, `load.py` resolves what it extends).
`judge.py` is a pure function of findings, ledger, inventory and policy: `match.py` decides which rules a finding
matches by what `facts.py` lets a rule see of it, `relief.py` what relief changes, `coverage.py` whether the run
looked as it should have. `lint.py` and `show.py` help the people who write policies.
"""
