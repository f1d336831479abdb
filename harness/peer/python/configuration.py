# SPDX-License-Identifier: Apache-2.0
"""What `configure` asks for (harness/peer/README.md), checked."""

from dataclasses import dataclass, field

from contract import require

KINDS = ("data", "audio", "video")
DIRECTIONS = ("sendrecv", "sendonly", "recvonly")
BUNDLE_POLICIES = ("balanced", "max-compat", "max-bundle")
SERVERS_MAX = 32


@dataclass
class Server:
    url: str
    username: str = None
    credential: str = None


@dataclass
class Configuration:
    is_offerer: bool
    servers: list
    is_relay_only: bool
    protocols: list
    negotiate: list
    bundle_policy: str
    direction: str
    echo: list
    channel: dict = field(default_factory=dict)


def _choice(message, key, choices, default):
    value = message.get(key, default)
    require(value in choices, f"configure: /{key}", f"one of {', '.join(choices)}", value)
    return value


def _choices(message, key, choices, default):
    values = message.get(key, default)
    is_list = isinstance(values, list) and all(value in choices for value in values)
    require(is_list, f"configure: /{key}", f"a list of {', '.join(choices)}", values)
    return values


def _servers(message):
    found = []
    servers = message.get("iceServers", [])
    require(isinstance(servers, list), "configure: /iceServers", "an array", servers)
    for server in servers:
        require(isinstance(server, dict), "configure: /iceServers", "of objects", server)
        urls = server.get("urls")
        for url in urls if isinstance(urls, list) else [urls]:
            is_known = isinstance(url, str) and url.split(":")[0] in (
                "stun", "stuns", "turn", "turns")
            require(is_known, "configure: /iceServers/urls", "a STUN or TURN URI", url)
            for key in ("username", "credential") if url.startswith("turn") else ():
                require(isinstance(server.get(key), str), f"configure: /iceServers/{key}",
                        "a text", server.get(key))
            found.append(Server(url, server.get("username"), server.get("credential")))
    require(len(found) <= SERVERS_MAX, "configure: /iceServers",
            f"at most {SERVERS_MAX} URLs", len(found))
    return found


def _channel(message):
    channel = message.get("dataChannel", {})
    require(isinstance(channel, dict), "configure: /dataChannel", "an object", channel)
    ordered = channel.get("ordered", True)
    require(isinstance(ordered, bool), "configure: /dataChannel/ordered", "a boolean", ordered)
    checked = {"ordered": ordered}
    for key in ("maxRetransmits", "maxPacketLifeTime"):
        limit = channel.get(key)
        if limit is not None:
            is_limit = type(limit) is int and 0 <= limit <= 65535
            require(is_limit, f"configure: /dataChannel/{key}",
                    "a whole number from 0 to 65535", limit)
            checked[key] = limit
    require(len(checked) < 3, "configure: /dataChannel", "with one limit at most", channel)
    return checked


def read(message):
    """The configuration of a `configure`; raises contract.Invalid."""
    return Configuration(
        is_offerer=_choice(message, "role", ("offerer", "answerer"), None) == "offerer",
        servers=_servers(message),
        is_relay_only=_choice(message, "iceTransportPolicy", ("all", "relay"), "all") == "relay",
        protocols=_choices(message, "protocols", ("udp", "tcp"), ["udp"]),
        negotiate=_choices(message, "negotiate", KINDS, ["data"]),
        bundle_policy=_choice(message, "bundlePolicy", BUNDLE_POLICIES, "max-bundle"),
        direction=_choice(message, "direction", DIRECTIONS, "sendrecv"),
        echo=_choices(message, "echo", KINDS, []),
        channel=_channel(message),
    )
