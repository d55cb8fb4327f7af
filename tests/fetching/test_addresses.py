import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.config.hosts import parse_allowed
from analytics.fetching.addresses import check_addresses, check_url, is_public
from analytics.fetching.failures import FetchError

_PUBLIC = (
    *("8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"),
    *("192.167.0.1", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001::200e"),
    *("::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"),
)
_CLOSED = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255"),
    *("192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12::1", "ff02::1"),
    *("2001:db8::1", "2001::1", "3fff::1", "100::1", "5f00::1", "::127.0.0.1", "4000::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:10.0.0.1"),
    *("64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::8.8.8.8"),
    *("2002:a00:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
    *("", "localhost", "127.1", "0x7f000001", "1.2.3.4.5", "8.8.8.8 "),
)


@pytest.mark.parametrize("address", _PUBLIC)
def test_public_addresses_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", _CLOSED)
def test_other_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_what_python_calls_private_is_not_public(address: object) -> None:
    found = ipaddress.ip_address(str(address))
    if found.is_private or found.is_multicast or found.is_reserved or found.is_link_local:
        inner = getattr(found, "ipv4_mapped", None)
        assert not is_public(str(found)) or inner is not None or "64:ff9b::" in str(found)


@given(st.ip_addresses(v=4))
def test_address_inside_another_counts_as_it_does_alone(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for holder in (
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x0064_FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1),
    ):
        assert is_public(str(holder)) == is_public(str(address))


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a.example/x", "file:///etc/passwd", "gopher://a.example", "data:image/png,x"),
        *("//a.example/x", "a.example/x", "/x.png", "", "http://", "http:///x", "https:x"),
        *("javascript:alert(1)", "unix:///var/run/docker.sock", "ws://a.example/"),
        *("http://user@a.example/", "http://user:hunter2@a.example/", "http://:hunter2@a.example/"),
        *("http://a.example:22/", "http://a.example:8080/", "http://a.example:99999/"),
        *("http://a.example:6379/", "http://a.exa mple/", "http://a.example/\x00", "http://[::1/"),
        "http://a.example/" + "x" * 4096,
    ],
)
def test_addresses_of_other_forms_are_refused(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        check_url(url)
    assert caught.value.status == "refused"
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("http://a.example/x.png?y=1", "https://A.Example/x", "http://a.example:443/"),
        *("HTTPS://a.example:80/", " https://a.example/x\n", "http://bücher.example/ü"),
        *("http://8.8.8.8/", "http://[2606:4700::1]/x#part"),
    ],
)
def test_addresses_of_the_web_pass(url: str) -> None:
    assert check_url(url).fragment == ""


def test_allowed_hosts_are_hosts_with_ports() -> None:
    allowed = parse_allowed(["Media.Example", "a.example:8080", "[FD00::5]:81", "10.0.0.5"])
    assert allowed == {
        *(("media.example", port) for port in (80, 443)),
        ("a.example", 8080),
        ("fd00::5", 81),
        *(("10.0.0.5", port) for port in (80, 443)),
    }
    check_url("http://a.example:8080/x", allowed)
    check_url("http://[fd00::5]:81/x", allowed)
    check_addresses("media.example.", 443, ["10.0.0.1"], allowed)
    for host, port in (("a.example", 80), ("media.example", 8080), ("x.media.example", 443)):
        with pytest.raises(FetchError, match="allowed_hosts"):
            check_addresses(host, port, ["10.0.0.1"], allowed)


@pytest.mark.parametrize("entry", ["", "http://a", "a:b", "a:0", "a:70000", "a b", "u@a", "a/b"])
def test_allowed_hosts_of_another_form_are_an_error(entry: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        parse_allowed([entry])


@pytest.mark.parametrize("address", ["2600::5efe:7f00:1", "2600::200:5efe:a00:1", "2600::1%2"])
def test_addresses_that_lead_to_others_are_not_public(address: str) -> None:
    assert not is_public(address)
