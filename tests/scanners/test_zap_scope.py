"""What of an application a scan may touch."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.scanners.interface import ScannerError, WebOptions
from scangate.scanners.zap_scope import USUAL_EXCLUSIONS, scope_of

SITE = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("target", "url", "covered"),
    [
        (SITE, f"{SITE}", True),
        (SITE, f"{SITE}/any/where?q=1", True),
        (SITE, "http://127.0.0.1:80801/", False),
        (SITE, "http://127.0.0.1:8080.evil.example/", False),
        (SITE, "http://127.0.0.1:8080@evil.example/", False),
        (SITE, "https://127.0.0.1:8080/", False),
        (f"{SITE}/shop", f"{SITE}/shop", True),
        (f"{SITE}/shop/", f"{SITE}/shop?page=2", True),
        (f"{SITE}/shop/", f"{SITE}/shop/item", True),
        (f"{SITE}/shop", f"{SITE}/shopping", False),
        (f"{SITE}/shop/index.html", f"{SITE}/shop/item", True),
        (f"{SITE}/shop/index.html", f"{SITE}/other", False),
        (f"{SITE}/api/v1.0", f"{SITE}/api/v1.0/items", True),
        (f"{SITE}/api/v1.0", f"{SITE}/api/v2.0/items", False),
        ("http://shop.example", "http://shop.example:80/a", True),
        ("http://shop.example:80/", "http://SHOP.example/a", True),
        ("https://shop.example:443/", "https://shop.example/a", True),
        ("http://[::1]:8080/", "http://[::1]:8080/a", True),
        ("http://shop.example/", "http://shopxexample/", False),
    ],
)
def test_a_scope_is_the_target_and_what_is_below(target: str, url: str, covered: bool) -> None:
    assert scope_of(target, WebOptions()).covers(url) is covered


@pytest.mark.parametrize(
    "path",
    [
        *("/logout", "/log-out", "/Log_Out", "/user/logOut?x=1", "/LOGOUT", "/signout.php", "/sign-off", "/userLogout"),
        *("/delete", "/items/3/delete", "/deleteUser", "/doDelete", "/?action=delete", "/admin/delete-everything"),
        *(
            "/remove_item",
            "/cart/remove",
            "/purge",
            "/wipe/now",
            "/db/drop",
            "/shutdown",
            "/factory_reset",
            "/FactoryReset",
        ),
        *("/dologout", "/userlogout", "/logoutuser", "/oauth2/revoke", "/connect/endsession", "/end_session"),
        *("/deleteall", "/Deleteuser?id=1", "/cart/removeitem", "/massdelete", "/purgecache", "/do?action=removeall"),
        *("/terminate", "/power-off", "/PowerOff", "/restart", "/unregister", "/closeAccount", "/kill/12"),
    ],
)
def test_what_ends_a_login_or_destroys_is_left_alone(path: str) -> None:
    scope = scope_of(SITE, WebOptions())
    assert scope.owns(f"{SITE}{path}")
    assert scope.why_excluded(f"{SITE}{path}") in ("it ends the login", "it may destroy data")


@pytest.mark.parametrize(
    "path",
    [
        *("/login", "/deleted", "/undelete/", "/removed", "/destroyer", "/erased", "/uninstaller", "/revoked"),
        *("/blogoffers", "/blogoutlet", "/dropdown", "/signoffice", "/skills", "/restarts"),
        *("/100%25off", "/a%20b", "/%7Bid%7D", "/%C3%A9"),
    ],
)
def test_names_that_only_look_alike_are_scanned(path: str) -> None:
    assert scope_of(SITE, WebOptions()).covers(f"{SITE}{path}")


@pytest.mark.parametrize("path", ["/%6cogout", "/lo%67out", "/a?do=%64elete", "/%4Cogout", "/users/1/dele%74e"])
def test_letters_are_not_hidden(path: str) -> None:
    assert scope_of(SITE, WebOptions()).why_excluded(f"{SITE}{path}") == "it hides letters behind percent signs"


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        *[(f"/shop/{way}/admin", False) for way in ("..", "%2e%2e", ".%2E", "a/../..", "..;x=1", ".//..", "./..")],
        *[("/shop/..", False), ("/shop/../../shop", True), ("/shop/a/../b", True), ("/shop/./b", True)],
        *[("/shop/a..b", True), ("/shop/...", True), ("/shop//b", True), ("/shop/a?to=/../admin", True)],
    ],
)
def test_no_dots_lead_out_of_the_folder(path: str, covered: bool) -> None:
    assert scope_of(f"{SITE}/shop", WebOptions()).covers(f"{SITE}{path}") is covered


def test_a_host_of_such_a_name_is_scanned() -> None:
    assert scope_of("http://delete.example/", WebOptions()).covers("http://delete.example/all")


def test_settings_exclude_and_narrow() -> None:
    scope = scope_of(f"{SITE}/", WebOptions(include=(r".*/shop/.*",), exclude=(r".*[?&]debug=.*",)))
    assert scope.covers(f"{SITE}/")  # where the scan begins
    assert scope.covers(f"{SITE}/shop/item")
    assert scope.why_excluded(f"{SITE}/other") == "settings do not include it"
    assert scope.why_excluded(f"{SITE}/shop/item?debug=1") == "settings exclude it"
    assert not scope.covers("http://other.example/shop/item")  # no setting widens a scope


@pytest.mark.parametrize(
    "url", ["", "shop", "ftp://shop.example/", "http://", "http://host:99999/", "http://[::1/", "http://h:0/"]
)
def test_what_is_no_url_is_told(url: str) -> None:
    with pytest.raises(ScannerError, match="the target is not"):
        scope_of(url, WebOptions())


def test_a_pattern_that_cannot_be_read_is_told() -> None:
    with pytest.raises(ScannerError, match=r"cannot be read: '\(': "):
        scope_of(SITE, WebOptions(exclude=("(",)))


@given(st.text(max_size=40))
def test_no_path_leads_out_of_the_site(path: str) -> None:
    assert scope_of(f"{SITE}/shop", WebOptions()).owns(f"{SITE}/shop/{path}")
    assert not scope_of(f"{SITE}/shop", WebOptions()).owns(f"http://other.example/{SITE}/shop/{path}")


@pytest.mark.parametrize("exclusion", USUAL_EXCLUSIONS)
def test_patterns_are_quick_on_long_urls(exclusion: object) -> None:
    """They are tried on every URL that a hostile page names."""
    for text in ("a" * 20_000, "-" * 20_000, "log" * 7_000, "delet" * 4_000):
        re.fullmatch(getattr(exclusion, "pattern"), f"{SITE}/{text}", re.IGNORECASE)  # noqa: B009 (of any exclusion)
