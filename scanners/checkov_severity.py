"""Severity and weakness of checkov's checks, which checkov itself states only to users of its platform.

A check's severity follows from what it protects, as in the `Protection` groups below; most groups imply a CWE too.
Checks that no group names are medium by default. Ids and titles are those of checkov 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scangate.model import Severity


@dataclass(frozen=True)
class Protection:
    """What a group of checks protects, how bad its absence is, and the weaknesses (CWE numbers) it is then."""

    name: str
    severity: Severity
    cwe: tuple[int, ...]
    checks: tuple[str, ...]


def _protects(name: str, severity: Severity, *cwe: int, **numbers: str) -> Protection:
    """A group whose checks are given as their numbers by prefix: `CKV_AWS="17 20"`; `4-6` is 4, 5 and 6."""
    checks = tuple(f"{prefix}_{n}" for prefix, words in numbers.items() for n in _expand(words))
    return Protection(name, severity, cwe, checks)


def _expand(words: str) -> Iterator[int]:
    for word in words.split():
        first, _, last = word.partition("-")
        yield from range(int(first), int(last or first) + 1)


PROTECTIONS = (
    # Secrets
    _protects(
        "hard-coded secret",
        Severity.CRITICAL,
        798,
        CKV_AWS="41 45 46 295 384",
        CKV_AZURE="45 239",
        CKV_SECRET="1-5 7-9 11-18",  # noqa: S106 (numbers of checks)
    ),
    _protects("possible hard-coded secret", Severity.MEDIUM, 798, CKV_SECRET="6 19"),  # noqa: S106 (likewise)
    _protects("handling of credentials", Severity.MEDIUM, 522, CKV_K8S="35", CKV2_DOCKER="17", CKV2_AWS="36"),
    _protects("secret leaving the build", Severity.HIGH, 200, CKV_GHA="3 4"),
    # Who may do what
    _protects(
        "administrator privileges",
        Severity.CRITICAL,
        269,
        732,
        CKV_AWS="1 62 274 275 348",
        CKV2_AWS="40 56",
    ),
    _protects(
        "wildcard permissions",
        Severity.HIGH,
        732,
        CKV_AWS="33 49 60 61 63 72 107-111 283 286-290 355 356 358 364 385 393",
        CKV2_AWS="68",
        CKV_AZURE="39 249",
        CKV_GCP="31 41 42 44-49 115-118 125",
        CKV_K8S="49 155-158",
        CKV2_K8S="1-5",
    ),
    _protects("workflow permissions", Severity.MEDIUM, 732, CKV2_GHA="1"),
    _protects(
        "authentication",
        Severity.HIGH,
        306,
        CKV_AWS="59 258 309 366",
        CKV2_AWS="70",
        CKV_AZURE="5 13 56 138",
        CKV_GCP="95",
        CKV_K8S="68-70 74 79 86 88 138 139 141",
    ),
    _protects("password policy", Severity.MEDIUM, 521, CKV_AWS="9-15", CKV_AZURE="1 49 149 178"),
    _protects(
        "identity hygiene",
        Severity.LOW,
        CKV_AWS="40 161 162 170 273 359",
        CKV2_AWS="14 21 22 41",
        CKV_AZURE="16 71 141",
        CKV_GCP="30 32-34",
    ),
    _protects(
        "key and secret rotation",
        Severity.MEDIUM,
        324,
        CKV_AWS="7 304",
        CKV2_AWS="57",
        CKV_AZURE="40 41",
        CKV_GCP="43",
    ),
    _protects("instance metadata", Severity.HIGH, 918, CKV_AWS="79 341 371"),
    # Who can reach it
    _protects("data open to everyone", Severity.CRITICAL, 284, CKV_AWS="57 302"),
    _protects(
        "public exposure",
        Severity.HIGH,
        284,
        CKV_AWS="17 20 24 25 32 38 39 53-56 69 70 87 89 100 102 122 164 167-169 205 229-232 "
        "260 277 291 301 303 352 375 387 390-392",
        CKV2_AWS="6 7 43 66",
        CKV_AZURE="9-11 34 59 160 190 210",
        CKV2_AZURE="8 26 34 47",
        CKV_GCP="2 3 11 15 18 28 75 88 98-102 106 107 112-114 124",
        CKV2_GCP="6 8 9 12",
        CKV_K8S="33 34 44 45",
        CKV_GIT="1",
    ),
    _protects(
        "public address",
        Severity.MEDIUM,
        668,
        CKV_AWS="88 130 333 389",
        CKV_AZURE="48 53 68 89 101 104 106 108 113 119 124 134 139 143 144 174 185 189 193 204 221 222",
        CKV_GCP="20 25 40 60 64 86 87 89 94 103",
        CKV_DOCKER="1",
        CKV_K8S="26",
    ),
    _protects(
        "network boundary",
        Severity.MEDIUM,
        668,
        CKV_AWS="123 137 148 154 196 198 248 306 321 323 331 370 382",
        CKV2_AWS="12 35 44",
        CKV_AZURE="6 7 35 36 77 99 107 109 115 118",
        CKV2_AZURE="31",
        CKV_GCP="12 27 36",
        CKV2_K8S="6",
    ),
    _protects(
        "web application firewall",
        Severity.MEDIUM,
        693,
        CKV_AWS="68 175 192 342",
        CKV2_AWS="28 29 33 47 76-78",
        CKV_AZURE="120-123 133 135",
        CKV_GCP="73",
    ),
    # Encryption
    _protects(
        "encryption at rest",
        Severity.MEDIUM,
        311,
        CKV_AWS="3 5 8 16 19 26 27 29 42-44 47 58 64 74 77 78 81 82 94 96 98 99 106 113 140 146 155 156 159 171 "
        "173 195 204 214 235 240 253 255 279 292 308 311 349 350",
        CKV2_AWS="2 34 55",
        CKV_AZURE="2 73 74 96 97 105 117 130 151 186 241",
        CKV2_AZURE="14 25",
        CKV_K8S="104",
    ),
    _protects(
        "customer-managed keys",
        Severity.LOW,
        311,
        CKV_AWS="22 35 119 136 142 145 147 149 158 160 166 177-187 189-191 199-201 203 209 212 219 221 224 236 241 "
        "245-247 254 256 262-271 278 280-282 294 296-298 327 337 345-347 354 367 368 372 373 381",
        CKV2_AWS="73",
        CKV_AZURE="93 100 201 240",
        CKV2_AZURE="1 11 15-17 22",
        CKV_GCP="37 38 80 81 83-85 90-93 96",
    ),
    _protects(
        "encryption in transit",
        Severity.MEDIUM,
        319,
        CKV_AWS="2 6 30 31 34 83 90 97 105 112 127 202 215 220 239 351 357 365 376 378 379",
        CKV2_AWS="20 49 69 72",
        CKV_AZURE="3 14 28 29 47 70 91 153 161 197 215 217",
        CKV_GCP="6 97",
        CKV_GIT="2",
    ),
    _protects(
        "strong ciphers",
        Severity.MEDIUM,
        327,
        CKV_AWS="103 174 206 211 213 218 228 380",
        CKV2_AWS="54 74",
        CKV_AZURE="15 44 52 54 145 147 148 154 173 200 205 218 223",
        CKV2_AZURE="37",
        CKV_GCP="4 17",
        CKV_K8S="105 151",
    ),
    # Containers
    _protects(
        "isolation from the host",
        Severity.HIGH,
        250,
        CKV_AWS="210 316 334 335",
        CKV_K8S="1-4 16-19 27 39",
    ),
    _protects(
        "least privilege of containers",
        Severity.MEDIUM,
        250,
        CKV_K8S="5 6 20 23-25 38 41 42",
        CKV_DOCKER="3 8",
        CKV2_DOCKER="1",
    ),
    _protects(
        "container hardening",
        Severity.LOW,
        250,
        CKV_AWS="336",
        CKV_K8S="7 22 28-32 36 37 40",
    ),
    _protects("resource limits", Severity.LOW, 770, CKV_K8S="10-13", CKV_AWS="115"),
    _protects("ingress annotations that run code", Severity.HIGH, 94, CKV_K8S="152-154"),
    # The supply chain
    _protects("certificate validation", Severity.HIGH, 295, CKV2_DOCKER="2-6 12-16"),
    _protects("package signatures", Severity.HIGH, 347, CKV2_DOCKER="7-11"),
    _protects("injection into the build", Severity.HIGH, 78, CKV_GHA="1 2"),
    _protects(
        "pinned and current components",
        Severity.MEDIUM,
        1104,
        CKV_AWS="163 208 250 339 363 388",
        CKV_AZURE="80-83 163",
        CKV_DOCKER="7",
        CKV_K8S="14",
        CKV_TF="1",
    ),
    _protects(
        "automatic updates",
        Severity.LOW,
        1104,
        CKV_AWS="51 141 207 222 226 322 332 340",
        CKV_AZURE="95 171 177",
        CKV_GCP="10 70",
        CKV_K8S="15 43",
        CKV_TF="2",
        CKV_GIT="3",
    ),
    # Seeing what happens
    _protects(
        "audit trail",
        Severity.MEDIUM,
        778,
        CKV_AWS="67 251",
        CKV_AZURE="23 38 156",
    ),
    _protects(
        "logging and monitoring",
        Severity.LOW,
        778,
        CKV_AWS="18 36 37 48 50 65 66 71 73 75 76 80 84-86 91 92 95 101 104 118 121 124 126 129 176 193 194 197 223 "
        "238 242-244 252 284 285 314 317 324 325 338 353",
        CKV2_AWS="3 4 10 11 27 30 31 39 45 48 63",
        CKV_AZURE="4 12 19-22 24-27 30 31 33 37 55 61 63 65 66 69 79 84-87 127 128 131 146 159",
        CKV_GCP="1 8 26 51-57 61 62 104 105 108-111",
        CKV_K8S="91-94",
    ),
    # Keeping it running
    _protects(
        "backup and recovery",
        Severity.LOW,
        CKV_AWS="21 28 133 134 143 144 165 300 343 360 361",
        CKV2_AWS="8 9 18 61",
        CKV_AZURE="42 94 102 110 111 129 136 187 206",
        CKV2_AZURE="12 38",
        CKV_GCP="14 78",
    ),
    _protects("protection from deletion", Severity.LOW, CKV_AWS="139 150 172 293 344", CKV_GCP="82 119-122"),
    _protects(
        "availability and order",
        Severity.LOW,
        CKV_AWS="23 116 120 135 138 152 153 157 216 217 225 233 237 261 305 310 312 313 315 318 319 362",
        CKV2_AWS="5 15 16 19 50 59 60 62",
        CKV_GCP="9 21 23",
        CKV_K8S="8 9 21",
        CKV_DOCKER="2 4-6 9-11",
        CKV_GHA="5-7",
    ),
)

_BY_CHECK = {check: protection for protection in PROTECTIONS for check in protection.checks}


def protection(check: str) -> Protection | None:
    """The group of a check (its `CKV…` id); None for a check that the table does not name."""
    return _BY_CHECK.get(check)
