# SPDX-License-Identifier: Apache-2.0
"""Watches aioice at work: each local candidate when it is found, each failure to find one,
each pair that is selected.

aiortc tells of candidates only when the last one is there, and aioice likewise. But each
has an object when it is found: of a host and of a relayed candidate aioice notes it in the
StunProtocol of its socket, a server-reflexive one is what server_reflexive_candidate()
returns. The subclasses here are put in the place of their bases in the two modules that
make such objects. They look on and change nothing: what is sent, when, and to whom is
aioice's own doing.
"""

import asyncio

import aioice
import aioice.ice
import aiortc.rtcicetransport

_find_server_reflexive = aioice.ice.server_reflexive_candidate


class Listener:
    """What a peer wants to be told; `ufrag` says of which transport."""

    def on_local_candidate(self, ufrag, candidate):
        pass

    def on_stun_failure(self, error):
        pass

    def on_selected_pair(self, ufrag, local, remote):
        pass


class WatchedConnection(aioice.Connection):
    listener = Listener()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._told_pair = None

    def found(self, candidate):
        self.listener.on_local_candidate(self.local_username, candidate)

    def check_complete(self, pair):
        super().check_complete(pair)
        selected = self._nominated.get(pair.component)  # aioice has no public name for it
        if selected is not None and selected is not self._told_pair:
            self._told_pair = selected
            self.listener.on_selected_pair(
                self.local_username, selected.local_candidate, selected.remote_candidate)


class WatchedProtocol(aioice.ice.StunProtocol):
    @property
    def local_candidate(self):
        return self._local_candidate

    @local_candidate.setter
    def local_candidate(self, candidate):
        self._local_candidate = candidate
        if candidate is not None:
            self.receiver.found(candidate)


async def watch_server_reflexive(protocol, stun_server):
    try:
        candidate = await _find_server_reflexive(protocol, stun_server)
    except asyncio.CancelledError:
        protocol.receiver.listener.on_stun_failure(TimeoutError("no answer within 5 s"))
        raise
    except Exception as error:
        protocol.receiver.listener.on_stun_failure(error)
        raise
    protocol.receiver.found(candidate)
    return candidate


def watch(listener):
    """From now on, of all connections that are made."""
    WatchedConnection.listener = listener
    aiortc.rtcicetransport.Connection = WatchedConnection
    aioice.ice.StunProtocol = WatchedProtocol
    aioice.ice.server_reflexive_candidate = watch_server_reflexive
