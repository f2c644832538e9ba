"""The HTTP client, against real servers on loopback."""

from __future__ import annotations

import base64

import pytest
from level_server import level_server
from tls_server import tls_server

from accel_doctor.http import HttpClient, HttpError, TooLargeError
from accel_doctor.model.requests import Connection


def read(url, variables=None, limit=100, logins=(), **connection):
    with HttpClient(Connection(**{"retries": 0, **connection}), variables or {}, logins) as client:
        return client.read(url, limit)


def test_a_certificate_authority_is_trusted_by_option_variable_or_not_at_all(tmp_path):
    with tls_server(tmp_path, b"hello") as server:
        authority = server.authority
        assert read(server.url, cert=authority) == b"hello"
        assert read(server.url, {"SSL_CERT_FILE": str(authority)}) == b"hello"
        assert read(server.url, {"REQUESTS_CA_BUNDLE": str(authority)}) == b"hello"
        with pytest.raises(HttpError, match="CERTIFICATE_VERIFY_FAILED"):
            read(server.url)


def test_a_trusted_host_is_not_verified_and_others_are(tmp_path):
    with tls_server(tmp_path, b"hello") as server:
        assert read(server.url, trusted_hosts=("127.0.0.1",)) == b"hello"
        assert read(server.url, trusted_hosts=(f"127.0.0.1:{server.server_port}",)) == b"hello"
        with pytest.raises(HttpError, match="CERTIFICATE_VERIFY_FAILED"):
            read(server.url, trusted_hosts=("127.0.0.1:9",))


def test_a_client_certificate_is_shown(tmp_path):
    with tls_server(tmp_path, b"hello", demand_client=True) as server:
        authority = server.authority
        assert read(server.url, cert=authority, client_cert=server.client_certificate) == b"hello"
        with pytest.raises(HttpError):
            read(server.url, cert=authority)


def test_certificates_that_cannot_be_read_are_named(tmp_path):
    missing = tmp_path / "none.pem"
    with pytest.raises(HttpError, match=f"^cannot read the certificates in {missing}: No such file or directory$"):
        read("https://127.0.0.1:9", cert=missing)


def test_transient_failures_are_retried_as_often_as_asked(tmp_path):
    with tls_server(tmp_path, b"hello") as server:
        server.answers = [503, 429]
        assert read(server.url, cert=server.authority, retries=2) == b"hello"
        server.answers = [503, 503]
        with pytest.raises(HttpError, match="^the server answered 503 Service Unavailable$") as caught:
            read(server.url, cert=server.authority, retries=1)
        assert caught.value.status == 503


def test_logins_come_from_the_url_other_urls_of_the_host_and_netrc(tmp_path):
    def basic(login):
        return "Basic " + base64.b64encode(login.encode()).decode()

    (tmp_path / "netrc").write_text("machine 127.0.0.1 login kept password net\n")
    variables = {"NETRC": str(tmp_path / "netrc")}
    with level_server() as server:
        server.objects["/x"] = b"hello"
        own = server.url.replace("//", "//me:s%40crt@")
        for url, logins in ((own, ()), (server.url, (own,)), (server.url, ("http://you:no@elsewhere/",))):
            assert read(f"{url}/x", variables, logins=logins) == b"hello"
        assert [login for _, login in server.seen] == [basic("me:s@crt"), basic("me:s@crt"), basic("kept:net")]


def test_a_proxy_is_asked_instead_of_the_host():
    with level_server() as proxy:
        proxy.objects["http://nowhere.invalid/x"] = b"hello"
        for address in (proxy.url, proxy.url.removeprefix("http://")):
            assert read("http://nowhere.invalid/x", proxy=address) == b"hello"


def test_a_proxy_that_cannot_be_used_is_an_error():
    with pytest.raises(HttpError, match="^cannot use the proxy: Unknown scheme for proxy URL"):
        read("http://nowhere.invalid/x", proxy="ftp://127.0.0.1:9")


def test_a_body_beyond_its_limit_is_refused(tmp_path):
    with level_server() as server:
        server.objects["/x"] = b"x" * 101
        with pytest.raises(TooLargeError, match="^larger than 100 bytes$"):
            read(f"{server.url}/x")


def test_what_is_no_url_is_an_error():
    with pytest.raises(HttpError):
        read("http://[::1")
    with pytest.raises(HttpError):
        read("http://127.0.0.1:port/")
