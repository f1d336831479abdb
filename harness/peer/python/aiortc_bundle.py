# SPDX-License-Identifier: Apache-2.0
"""max-bundle, which aiortc 1.4.0 does not have: it gathers for each m-section, W3C's
`balanced`, and drops all transports but the first when the answer bundles.

Here all m-sections of an offer have one transport from the start, as later versions do it.
The two private names below are where aiortc makes a transport, and what it calls an
m-section that has that of another; there are no public ones.
"""

from aiortc import RTCPeerConnection


class MaxBundleConnection(RTCPeerConnection):
    _shared = None

    def _RTCPeerConnection__createDtlsTransport(self):
        if self._shared is None:
            self._shared = super()._RTCPeerConnection__createDtlsTransport()
        return self._shared

    def bundle(self):
        """Once all m-sections of the offer are there: all but the first are bundled in it."""
        sections = self.getTransceivers() + ([self.sctp] if self.sctp else [])
        for section in sections[1:]:
            section._bundled = True


def split_candidates(sdp):
    """(the description without candidates, a list of (number of m-section, candidate)).

    setRemoteDescription() of 1.4.0 takes the candidates of the last m-section of each
    transport, which with one for all are not those of the BUNDLE group's first. They are
    added one by one instead; "" is the end.
    """
    kept, candidates, section = [], [], -1
    for line in sdp.splitlines():
        section += line.startswith("m=")
        if line.startswith("a=candidate:"):
            candidates.append((section, line[len("a="):]))
        elif line.startswith("a=end-of-candidates"):
            candidates.append((section, ""))
        else:
            kept.append(line)
    return "\r\n".join(kept) + "\r\n", candidates
