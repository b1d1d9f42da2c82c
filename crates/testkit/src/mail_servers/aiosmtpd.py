"""aiosmtpd on many ports, each with its own manner, honest or not.

Called with a directory that holds `config.json`: {"user", "password", "certificate", "key", "manners": [name, ...]}.
Writes `ports.json` when every port listens. What a port accepted lies in `mail/inbox/new`, what its clients said in
`said/<manner>`.
"""

import asyncio
import json
import os
import ssl
import sys
import uuid

from aiosmtpd.smtp import SMTP, AuthResult

directory = sys.argv[1]
with open(os.path.join(directory, "config.json"), encoding="utf-8") as file:
    config = json.load(file)


def authenticate(server, session, envelope, mechanism, data):
    wanted = (config["user"].encode(), config["password"].encode())
    return AuthResult(success=(data.login, data.password) == wanted, handled=False)


class Inbox:
    """Keeps each message as a file of a maildir, with what is known of its way."""

    async def handle_DATA(self, server, session, envelope):
        tls = session.ssl is not None or server.implicit
        top = f"X-Arrived: tls={tls} login={bool(session.authenticated)}\r\n"
        name = uuid.uuid4().hex
        fresh = os.path.join(directory, "mail", name)
        with open(fresh, "wb") as file:
            file.write(top.encode() + envelope.content)
        os.rename(fresh, os.path.join(directory, "mail", "inbox", "new", name))
        return f"250 2.0.0 Ok: queued as {name}"


class Particular(Inbox):
    """Relays for nobody without a login and refuses a few, in the words of real servers."""

    def __init__(self):
        self.seen = set()

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("spoof@"):
            return "553 5.7.1 You are not allowed to send as this sender"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if not address.endswith("@example.org") and not session.authenticated:
            return "550 5.7.1 Unable to relay"
        if address.startswith("grey") and address not in self.seen:
            self.seen.add(address)
            return "451 4.7.1 Greylisting in action, please come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"


class Port(SMTP):
    """Writes down what clients say."""

    implicit = False

    def __init__(self, manner, handler, **options):
        self.said = open(os.path.join(directory, "said", manner), "ab", buffering=0)
        self.answers = 0
        super().__init__(handler, hostname="mx.example.org", ident="ESMTP ready", **options)

    def data_received(self, data):
        self.said.write(data)
        super().data_received(data)

    async def push(self, status):
        self.answers += 1
        text = status if isinstance(status, str) else status.decode()
        if not await self.misbehave(text):
            await super().push(status)

    async def misbehave(self, text):
        """True when the answer was given in another way. `self.answers` is 1 for the greeting, 2 for EHLO."""
        return False

    async def write(self, data):
        self._writer.write(data)
        await self._writer.drain()


class Busy(Port):
    """421 instead of a greeting."""

    async def misbehave(self, text):
        await self.write(b"421 4.3.2 mx.example.org Service not available, closing transmission channel\r\n")
        self.transport.close()
        return True


class Tarpit(Port):
    """One byte a second, from one answer on."""

    since = 1

    async def misbehave(self, text):
        if self.answers < self.since:
            return False
        for byte in (text + "\r\n").encode():
            await self.write(bytes([byte]))
            await asyncio.sleep(1)
        return True


class TarpitLater(Tarpit):
    since = 2


class Endless(Port):
    """An answer to EHLO without end."""

    pause = 0

    async def misbehave(self, text):
        while self.answers > 1:
            await self.write(b"250-and so on, and so on, and so on\r\n")
            await asyncio.sleep(self.pause)
        return False


class EndlessSlowly(Endless):
    pause = 0.5


class CutAfterDot(Port):
    """Hangs up instead of the final answer."""

    async def misbehave(self, text):
        if "queued as" in text:
            self.transport.close()
            return True
        return False


class CutAtGreeting(Port):
    """Hangs up instead of a greeting."""

    async def misbehave(self, text):
        self.transport.close()
        return True


class SizeUnsaid(Port):
    """Has a limit and does not name it."""

    async def misbehave(self, text):
        return text.startswith("250-SIZE")


class Implicit(Port):
    implicit = True


def context():
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(config["certificate"], config["key"])
    return made


LOGIN = {"authenticator": authenticate, "auth_required": True}

# name: (class, handler, options, TLS from the first byte)
MANNERS = {
    "plain": lambda: (Port, Inbox(), {}, None),
    "plain_login": lambda: (Port, Inbox(), {**LOGIN, "auth_require_tls": False}, None),
    "starttls": lambda: (Port, Inbox(), {**LOGIN, "tls_context": context(), "require_starttls": True}, None),
    "tls": lambda: (Implicit, Inbox(), {**LOGIN, "auth_require_tls": False}, context()),
    "particular": lambda: (Port, Particular(), {}, None),
    "small": lambda: (Port, Inbox(), {"data_size_limit": 600}, None),
    "small_unsaid": lambda: (SizeUnsaid, Inbox(), {"data_size_limit": 600}, None),
    "busy": lambda: (Busy, Inbox(), {}, None),
    "tarpit": lambda: (Tarpit, Inbox(), {}, None),
    "tarpit_later": lambda: (TarpitLater, Inbox(), {}, None),
    "endless": lambda: (Endless, Inbox(), {}, None),
    "endless_slowly": lambda: (EndlessSlowly, Inbox(), {}, None),
    "cut_after_dot": lambda: (CutAfterDot, Inbox(), {}, None),
    "cut_at_greeting": lambda: (CutAtGreeting, Inbox(), {}, None),
}


async def main():
    loop = asyncio.get_running_loop()
    os.makedirs(os.path.join(directory, "mail", "inbox", "new"))
    os.makedirs(os.path.join(directory, "said"))
    servers, ports = [], {}
    for manner in config["manners"]:
        cls, handler, options, tls = MANNERS[manner]()
        make = lambda cls=cls, manner=manner, handler=handler, options=options: cls(manner, handler, **options)
        server = await loop.create_server(make, "127.0.0.1", 0, ssl=tls)
        servers.append(server)
        ports[manner] = server.sockets[0].getsockname()[1]
    fresh = os.path.join(directory, "ports.new")
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(json.dumps(ports) + "\n")
    os.rename(fresh, os.path.join(directory, "ports.json"))
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
