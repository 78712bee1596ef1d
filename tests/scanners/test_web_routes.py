"""Routes: what varies is `{}`, what people named stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.scanners.random_text import looks_random
from scangate.scanners.web_routes import route_of, site_of


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("", "/"),
        ("/", "/"),
        ("/orders/17", "/orders/{}"),
        ("/orders/-1/", "/orders/{}/"),
        ("/orders/1,2,3", "/orders/{}"),
        ("/users/123e4567-e89b-12d3-a456-426614174000/mail", "/users/{}/mail"),
        ("/blobs/d41d8cd98f00b204e9800998ecf8427e", "/blobs/{}"),
        ("/commits/a1b2c3d4", "/commits/{}"),
        ("/log/2024-05-01", "/log/{}"),
        ("/log/2024-05-01T10:20:30Z", "/log/{}"),
        ("/log/2024-05", "/log/{}"),
        ("/log/1.5.2024", "/log/{}"),
        ("/items/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/items/{}"),
        ("/people/ann@example.org", "/people/{}"),
        ("/people/ann%40example.org", "/people/{}"),
        ("/reset/Zk3vQ81hGx0pLm29TtYw", "/reset/{}"),
        ("/photos/17.jpg", "/photos/{}.jpg"),
        ("/cart;jsessionid=AB12CD34", "/cart"),
        ("/v2/pets", "/v2/pets"),
        ("/decade/facade/deadbeef", "/decade/facade/deadbeef"),
        ("/docs/1.2.3/setup.html", "/docs/1.2.3/setup.html"),
        ("/release-notes-2021-11-final", "/release-notes-2021-11-final"),
        ("/getUserAccountSettingsPage", "/getUserAccountSettingsPage"),
        ("/jquery-3.7.1.min.js", "/jquery-3.7.1.min.js"),
    ],
)
def test_what_varies_is_one_route(path: str, route: str) -> None:
    assert route_of(f"https://shop.example:8443{path}?id=1#x") == route


def test_what_an_attack_put_into_a_path_varies() -> None:
    url = "http://a.example/files/%3Cscript%3Ealert(1)%3C%2Fscript%3E/view"
    assert route_of(url, attack="<script>alert(1)</script>") != "/files/{}/view"  # a slash divides the path
    assert route_of("http://a.example/files/x%27%20OR%201=1/view", attack="x' OR 1=1") == "/files/{}/view"
    assert route_of("http://a.example/files/view", attack="") == "/files/view"


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("http://A.example:80/x", "http://a.example"),
        ("https://a.example:443", "https://a.example"),
        ("https://a.example:80/", "https://a.example:80"),
        ("http://user:word@127.0.0.1:8080/x", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
    ],
)
def test_a_site_is_scheme_host_and_port(url: str, site: str) -> None:
    assert site_of(url) == site


@pytest.mark.parametrize("text", ["QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "c4ca4238a0b923820dcc", "Zk3vQ81hGx0pLm29TtYw"])
def test_what_a_machine_made_up_is_told(text: str) -> None:
    assert looks_random(text)


@pytest.mark.parametrize("text", ["", "a1b2c3", "X-Content-Type-Options", "OperationalError", "application_v2_beta3"])
def test_names_are_not(text: str) -> None:
    assert not looks_random(text)


@given(st.text(max_size=60))
def test_any_text_has_a_route_and_a_site(text: str) -> None:
    for url in (text, f"http://{text}", f"http://a.example/{text}"):
        assert isinstance(route_of(url), str)
        assert isinstance(site_of(url), str)


@given(st.integers(min_value=0), st.sampled_from(["orders", "users", "v1"]), st.text("abcdefgh", max_size=8))
def test_a_number_never_tells_routes_apart(number: int, name: str, query: str) -> None:
    assert route_of(f"http://a.example/{name}/{number}?q={query}") == f"/{name}/{{}}"
