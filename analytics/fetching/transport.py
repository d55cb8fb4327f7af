"""An httpx transport that connects to the very address that was checked.

Who checks a name, and lets the HTTP client resolve it again, can be cheated: a name may
have another address a moment later (DNS rebinding). Here the name is resolved once for
each connection, all its addresses are checked, and one of them is connected to. Host
header, SNI and the name in the certificate stay those of the address that was asked for.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpcore
import httpx

from analytics.fetching.addresses import check_addresses
from analytics.fetching.failures import FetchError

# The addresses of a name at a port; OSError or UnicodeError where it has none.
Resolver = Callable[[str, int], Awaitable[list[str]]]

_MAX_ADDRESSES = 4
# Names that are looked up at the same time; a look-up that hangs holds its thread.
_N_RESOLVING = 16
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class SystemResolver:
    """The resolver of the operating system, in threads of its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_N_RESOLVING, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a name, the preferred one first."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._pool, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        """Wait for no look-up that hangs."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves names itself, checks all addresses, and connects to one of them."""

    def __init__(
        self,
        resolve: Resolver,
        allowed: frozenset[tuple[str, int]],
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect within `timeout` seconds, the look-up of the name included.

        Raises:
            FetchError: `refused`, or the name has no address.
            httpcore.ConnectError, httpcore.ConnectTimeout: no address answers.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + (timeout or 60.0)
        addresses = await self._find_addresses(host, port, end)
        check_addresses(host, port, addresses, self._allowed)
        addresses = addresses[:_MAX_ADDRESSES]
        for n_left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                return await self._inner.connect_tcp(
                    address,
                    port,
                    timeout=max(0.01, (end - loop.time()) / n_left),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if n_left == 1:
                    raise
        raise AssertionError("a name that resolves has an address")

    async def _find_addresses(self, host: str, port: int, end: float) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host.strip("[]")))]
        except ValueError:
            pass
        try:
            async with asyncio.timeout_at(end):
                found = await self._resolve(host, port)
        except TimeoutError as exc:
            raise FetchError("unreachable", "name not resolved in time", is_silent=True) from exc
        except socket.gaierror as exc:
            what = "no such host" if exc.errno in _NO_SUCH_NAME else "name not resolved"
            raise FetchError("unreachable", what, host, is_silent=True) from exc
        except OSError as exc:  # no descriptors are left, say
            what = f"name not resolved ({exc.strerror or exc})"
            raise FetchError("unreachable", what, host, is_silent=True) from exc
        except UnicodeError as exc:  # an empty or too long part of a name
            raise FetchError("refused", "no address of the web", str(exc)) from exc
        if not found:
            raise FetchError("unreachable", "no such host", host, is_silent=True)
        return found

    async def sleep(self, seconds: float) -> None:
        """As httpcore waits before it connects again (it is not asked to)."""
        await asyncio.sleep(seconds)


class CheckedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 over a `CheckedBackend`; no proxy, whatever the environment says."""

    def __init__(
        self, backend: CheckedBackend, *, max_connections: int, context: ssl.SSLContext
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=max_connections,
            keepalive_expiry=5.0,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its body is not sent, for there is none."""
        url = request.url
        with _as_httpx_errors():
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(
                        scheme=url.raw_scheme,
                        host=url.raw_host,
                        port=url.port,
                        target=url.raw_path,
                    ),
                    headers=request.headers.raw,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx_errors():
            async for part in self._response.aiter_stream():
                yield part

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    """The few kinds that callers tell apart."""
    try:
        yield
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
        raise httpx.ConnectError(str(exc) or type(exc).__name__) from exc
    except httpcore.TimeoutException as exc:
        raise httpx.ReadTimeout(str(exc)) from exc
    except (httpcore.NetworkError, httpcore.ProtocolError) as exc:
        raise httpx.RemoteProtocolError(str(exc) or type(exc).__name__) from exc
