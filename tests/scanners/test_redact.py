"""Masking: no spelling of a literal lets a part of it through."""

import time

import pytest

from scangate.scanners.redact import mask_literals


@pytest.mark.parametrize(
    "text",
    [
        'password = "s3cr3t"',
        'password = "ab\\"s3cr3t"',
        "password = 'x\\'s3cr3t'",
        'password = "\\\\" + "s3cr3t"',
        'password = """a"s3cr3t"""',
        'password = "s3cr3t',
        "password = f'{x}s3cr3t'",
        "password = `a\\`s3cr3t`",
    ],
)
def test_a_literal_is_masked_whole(text: str) -> None:
    assert "s3cr3t" not in mask_literals(text)
    assert "password = " in mask_literals(text)


@pytest.mark.parametrize("piece", ['\\"', "'", '"', '"""', "\\", "`a", "'\\"])
def test_hostile_text_takes_no_time(piece: str) -> None:
    begun = time.process_time()
    mask_literals('"' + piece * 400_000)
    assert time.process_time() - begun < 5
