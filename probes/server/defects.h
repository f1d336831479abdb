/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the built-in server can do wrong: one list, from which come the enum, the names
 * and what `rtcprobe selftest` prints. Each defect names the cases that must find it.
 */
#ifndef RTCLAB_PROBES_SERVER_DEFECTS_H
#define RTCLAB_PROBES_SERVER_DEFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* symbol, name, cases that find it, what it does wrong */
#define PROBE_DEFECTS_STUN(X)                                                       \
    X(MAPPED_ADDRESS_WRONG, "mapped-address-wrong", "S01",                          \
      "XOR-MAPPED-ADDRESS has another port than the request's source")              \
    X(TRANSACTION_CHANGED, "transaction-changed", "S01",                            \
      "replies have another transaction id than their request, but for the first "  \
      "client")                                                                     \
    X(IPV6_XOR_COOKIE_ONLY, "ipv6-xor-cookie-only", "S02",                          \
      "IPv6 addresses are XORed with the cookie alone")                             \
    X(REPLY_FROM_OTHER_PORT, "reply-from-other-port", "S03",                        \
      "replies come from another port than asked")                                  \
    X(TOP_BITS_IGNORED, "top-bits-ignored", "S04",                                  \
      "a message whose first two bits are not 00 is answered")                      \
    X(COOKIE_IGNORED, "cookie-ignored", "S05", "a wrong magic cookie is answered")  \
    X(ODD_LENGTH_ACCEPTED, "odd-length-accepted", "S06",                            \
      "a length that is no multiple of 4 is answered")                              \
    X(SHORT_DATAGRAM_ACCEPTED, "short-datagram-accepted", "S07",                    \
      "a datagram that ends before its message does is answered")                   \
    X(TRAILING_BYTES_ACCEPTED, "trailing-bytes-accepted", "S08",                    \
      "a datagram that goes on after its message is answered")                      \
    X(RUNTS_ANSWERED, "runts-answered", "S09",                                      \
      "datagrams too short for a header are answered")                              \
    X(DIES_OF_OVERRUN, "dies-of-overrun", "S10",                                    \
      "an attribute that overruns its message ends the service")                    \
    X(PADDING_MUST_BE_ZERO, "padding-must-be-zero", "S11",                          \
      "non-zero padding is refused with 400")                                       \
    X(UNKNOWN_LISTED_PARTLY, "unknown-listed-partly", "S12",                        \
      "420 lists only the first unknown attribute")                                 \
    X(UNKNOWN_ACCEPTED, "unknown-accepted", "S12",                                  \
      "unknown comprehension-required attributes are ignored")                      \
    X(OPTIONAL_REFUSED, "optional-refused", "S13",                                  \
      "unknown comprehension-optional attributes get a 420")                        \
    X(LAST_DUPLICATE_COUNTS, "last-duplicate-counts", "S14",                        \
      "of a repeated attribute the last counts")                                    \
    X(INDICATIONS_ANSWERED, "indications-answered", "S15",                          \
      "a Binding indication gets a reply")                                          \
    X(INDICATIONS_GET_420, "indications-get-420", "S16",                            \
      "an indication with an unknown required attribute gets a 420")                \
    X(UNKNOWN_METHOD_SUCCEEDS, "unknown-method-succeeds", "S17",                    \
      "a request of an unknown method gets a success response")                     \
    X(UNKNOWN_METHOD_405, "unknown-method-405", "S17",                              \
      "a request of an unknown method gets a 405 (a warning)")                      \
    X(RESPONSES_ANSWERED, "responses-answered", "S18",                              \
      "a response that nobody asked for is answered")                               \
    X(ANSWERS_DIFFER, "answers-differ", "S19",                                      \
      "a retransmitted Binding request gets another answer")                        \
    X(FINGERPRINT_NOT_LAST, "fingerprint-not-last", "S20",                          \
      "SOFTWARE follows FINGERPRINT")                                               \
    X(FINGERPRINT_WRONG, "fingerprint-wrong", "S20", "FINGERPRINT is the bare CRC") \
    X(FINGERPRINT_UNCHECKED, "fingerprint-unchecked", "S21",                        \
      "a request with a wrong FINGERPRINT is answered")                             \
    X(SOFTWARE_NOT_UTF8, "software-not-utf8", "S22", "SOFTWARE is no UTF-8")        \
    X(ERROR_CODE_UNSPLIT, "error-code-unsplit", "S23",                              \
      "ERROR-CODE has the code as one number, without a class")                     \
    X(ERROR_CODE_PADDED, "error-code-padded", "S23",                                \
      "the length of ERROR-CODE counts its padding")                                \
    X(AFTER_INTEGRITY_COUNTS, "after-integrity-counts", "S24",                      \
      "attributes after MESSAGE-INTEGRITY are processed")                           \
    X(REDIRECT_WITHOUT_SERVER, "redirect-without-server", "S25",                    \
      "300 has no ALTERNATE-SERVER")                                                \
    X(REDIRECT_LOOP, "redirect-loop", "S25", "300 names the same server again")     \
    X(ONE_MESSAGE_A_SEGMENT, "one-message-a-segment", "S26",                        \
      "of several messages in one TCP segment only the first is answered")          \
    X(SPLIT_MESSAGE_LOST, "split-message-lost", "S26",                              \
      "a message that comes in several TCP segments is lost")                       \
    X(CLOSES_AFTER_REPLY, "closes-after-reply", "S27",                              \
      "a TCP connection is closed after the first reply")                           \
    X(GARBAGE_ENDS_ALL, "garbage-ends-all", "S28",                                  \
      "garbage on one TCP connection closes all of them")                           \
    X(CERTIFICATE_EXPIRED, "certificate-expired", "S29",                            \
      "the certificate's time is over")                                             \
    X(CERTIFICATE_MISNAMED, "certificate-misnamed", "S29",                          \
      "the certificate is for another name")                                        \
    X(ALPN_REFUSED, "alpn-refused", "S29",                                          \
      "a client that offers ALPN stun.turn is turned away")                         \
    X(DTLS_SILENT, "dtls-silent", "S30", "requests over DTLS are not answered")     \
    X(VECTORS_ALTERED, "vectors-altered", "S32",                                    \
      "not the server: this program's own RFC 5769 vectors are altered")            \
    X(LARGE_REQUESTS_LOST, "large-requests-lost", "S31",                            \
      "requests above 548 bytes are not answered")

#define PROBE_DEFECTS_AUTH(X)                                                        \
    X(CHALLENGE_400, "challenge-400", "A01",                                         \
      "a request without integrity gets 400 rather than 401")                        \
    X(CHALLENGE_WITHOUT_NONCE, "challenge-without-nonce", "A01", "401 has no NONCE") \
    X(MISSING_ATTRIBUTE_401, "missing-attribute-401", "A02",                         \
      "integrity without USERNAME, REALM or NONCE gets 401")                         \
    X(UNKNOWN_USER_400, "unknown-user-400", "A03 A05", "an unknown user gets 400")   \
    X(BAD_PASSWORD_400, "bad-password-400", "A04 A05",                               \
      "a wrong password gets 400 (seen in real servers)")                            \
    X(USERS_TOLD_APART, "users-told-apart", "A05",                                   \
      "401 says in its reason phrase that a user does not exist")                    \
    X(FORGED_NONCE_401, "forged-nonce-401", "A06", "a forged nonce gets 401")        \
    X(NONCE_UNCHECKED, "nonce-unchecked", "A06", "any nonce is accepted")            \
    X(NONCE_NEVER_EXPIRES, "nonce-never-expires", "A07", "a nonce lasts forever")    \
    X(STALE_NONCE_ENDS_ALLOCATION, "stale-nonce-ends-allocation", "A07",             \
      "a 438 deletes the allocation")                                                \
    X(NONCE_SHARED, "nonce-shared", "A08",                                           \
      "all sources get the same nonce (seen in real servers)")                       \
    X(ERRORS_UNPROVEN, "errors-unproven", "A09",                                     \
      "errors after authentication have no integrity (seen in real servers)")        \
    X(SUCCESSES_UNPROVEN, "successes-unproven", "A09 L01",                           \
      "success responses have no integrity")                                         \
    X(INTEGRITY_WRONG, "integrity-wrong", "A09 L01",                                 \
      "the integrity of replies is computed with a wrong key")                       \
    X(REALM_FROM_CLIENT, "realm-from-client", "A10",                                 \
      "the key is made with whatever REALM the request has")                         \
    X(NONCE_COOKIE_MALFORMED, "nonce-cookie-malformed", "A11",                       \
      "the security features after the nonce cookie are no base64")                  \
    X(ALGORITHMS_MISSING, "algorithms-missing", "A12",                               \
      "the nonce cookie promises PASSWORD-ALGORITHMS, which are not there")          \
    X(SHA256_ANSWERED_WITH_SHA1, "sha256-answered-with-sha1", "A13",                 \
      "a request by SHA-256 gets a reply with MESSAGE-INTEGRITY")                    \
    X(ALGORITHMS_UNCHECKED, "algorithms-unchecked", "A14",                           \
      "an altered PASSWORD-ALGORITHMS is accepted")                                  \
    X(HALF_ALGORITHMS_ACCEPTED, "half-algorithms-accepted", "A15",                   \
      "PASSWORD-ALGORITHM without PASSWORD-ALGORITHMS, or the reverse, is accepted") \
    X(UNLISTED_ALGORITHM_ACCEPTED, "unlisted-algorithm-accepted", "A16",             \
      "a PASSWORD-ALGORITHM that is not in the list is accepted")                    \
    X(OMITTED_ALGORITHMS_400, "omitted-algorithms-400", "A17",                       \
      "a request without both algorithm attributes gets 400")                        \
    X(USERHASH_UNKNOWN, "userhash-unknown", "A18", "a right USERHASH gets 401")      \
    X(USERHASH_UNCHECKED, "userhash-unchecked", "A18",                               \
      "any USERHASH stands for the first user")                                      \
    X(TRUNCATED_TOO_FAR_ACCEPTED, "truncated-too-far-accepted", "A19",               \
      "MESSAGE-INTEGRITY-SHA256 of 12 bytes is accepted")                            \
    X(INTEGRITY_UNCHECKED, "integrity-unchecked", "A04 A20",                         \
      "any integrity of a known user is accepted")                                   \
    X(PASSWORDS_LATIN1, "passwords-latin1", "A21",                                   \
      "passwords are turned into Latin-1 before the key is made")                    \
    X(EXPIRED_USER_ACCEPTED, "expired-user-accepted", "A22",                         \
      "a time-limited user name is accepted after its time")                         \
    X(THIRD_PARTY_UNSAID, "third-party-unsaid", "A23",                               \
      "401 has no THIRD-PARTY-AUTHORIZATION")                                        \
    X(TOKEN_TAG_UNCHECKED, "token-tag-unchecked", "A24",                             \
      "an ACCESS-TOKEN that was tampered with is accepted")                          \
    X(TOKEN_EXPIRY_UNCHECKED, "token-expiry-unchecked", "A24",                       \
      "an expired ACCESS-TOKEN is accepted")                                         \
    X(TOKEN_REFUSED, "token-refused", "A24", "a valid ACCESS-TOKEN gets 401")

#define PROBE_DEFECTS_ALLOCATE(X)                                                      \
    X(LIFETIME_UNSAID, "lifetime-unsaid", "L01", "Allocate's reply has no LIFETIME")   \
    X(ALLOCATE_MAPPED_UNSAID, "allocate-mapped-unsaid", "L01",                         \
      "Allocate's reply has no XOR-MAPPED-ADDRESS")                                    \
    X(RELAYED_ADDRESS_WILDCARD, "relayed-address-wildcard", "L01",                     \
      "the relayed address is 0.0.0.0")                                                \
    X(TRANSPORT_OPTIONAL, "transport-optional", "L02",                                 \
      "a missing or malformed REQUESTED-TRANSPORT stands for UDP")                     \
    X(TRANSPORT_UNCHECKED, "transport-unchecked", "L03",                               \
      "any transport protocol stands for UDP")                                         \
    X(SECOND_ALLOCATION_REPLACES, "second-allocation-replaces", "L04",                 \
      "a second Allocate replaces the first rather than get 437")                      \
    X(RETRANSMISSION_437, "retransmission-437", "L05",                                 \
      "a retransmitted Allocate gets 437 (seen in real servers)")                      \
    X(SILENT_WITHOUT_ALLOCATION, "silent-without-allocation", "L06 L07 L08",           \
      "no answer without an allocation (seen in real servers)")                        \
    X(REFRESH_400_WITHOUT_ALLOCATION, "refresh-400-without-allocation", "L06",         \
      "Refresh without an allocation gets 400")                                        \
    X(PERMISSION_400_WITHOUT_ALLOCATION, "permission-400-without-allocation", "L07",   \
      "CreatePermission without an allocation gets 400")                               \
    X(CHANNEL_400_WITHOUT_ALLOCATION, "channel-400-without-allocation", "L08",         \
      "ChannelBind without an allocation gets 400 (seen in real servers)")             \
    X(OTHER_USER_ACCEPTED, "other-user-accepted", "L09",                               \
      "another user may refresh an allocation")                                        \
    X(DONT_FRAGMENT_400, "dont-fragment-400", "L10", "DONT-FRAGMENT gets 400")         \
    X(EVEN_PORT_ODD, "even-port-odd", "L11", "EVEN-PORT gets an odd port")             \
    X(RESERVATION_WITHOUT_TOKEN, "reservation-without-token", "L12",                   \
      "a reserved port has no RESERVATION-TOKEN")                                      \
    X(RESERVATION_LOST, "reservation-lost", "L12", "a token is redeemed for any port") \
    X(TOKEN_WITH_ANYTHING, "token-with-anything", "L13",                               \
      "RESERVATION-TOKEN is accepted with EVEN-PORT or a family")                      \
    X(BOGUS_TOKEN_IGNORED, "bogus-token-ignored", "L14",                               \
      "an unknown RESERVATION-TOKEN is ignored")                                       \
    X(BOTH_FAMILIES_ACCEPTED, "both-families-accepted", "L15",                         \
      "REQUESTED- with ADDITIONAL-ADDRESS-FAMILY is accepted")                         \
    X(FAMILY_IGNORED, "family-ignored", "L16",                                         \
      "a family that is not supported gets an IPv4 address")                           \
    X(DEFAULT_FAMILY_IPV6, "default-family-ipv6", "L17",                               \
      "without a family the relayed address is IPv6, or 440")                          \
    X(ADDITIONAL_IPV4_ACCEPTED, "additional-ipv4-accepted", "L18",                     \
      "ADDITIONAL-ADDRESS-FAMILY IPv4 is accepted")                                    \
    X(ADDITIONAL_IGNORED, "additional-ignored", "L19",                                 \
      "ADDITIONAL-ADDRESS-FAMILY gives neither an address nor an error")               \
    X(ADDITIONAL_WITH_RESERVATION, "additional-with-reservation", "L20",               \
      "ADDITIONAL-ADDRESS-FAMILY is accepted with EVEN-PORT R=1")                      \
    X(SHORT_LIFETIME_HONOURED, "short-lifetime-honoured", "L21",                       \
      "a lifetime below the default is granted (seen in real servers)")                \
    X(REFRESH_ENDS, "refresh-ends", "L21",                                             \
      "a Refresh with any lifetime ends the allocation (seen in real servers)")        \
    X(LONG_LIFETIME_HONOURED, "long-lifetime-honoured", "L22",                         \
      "any lifetime is granted")                                                       \
    X(REFRESH_0_IGNORED, "refresh-0-ignored", "L23",                                   \
      "Refresh with lifetime 0 does not delete the allocation")                        \
    X(REFRESH_FAMILY_UNCHECKED, "refresh-family-unchecked", "L24",                     \
      "Refresh with the other family is accepted")                                     \
    X(ALLOCATION_NEVER_EXPIRES, "allocation-never-expires", "L25",                     \
      "an allocation lasts without refresh")                                           \
    X(ALLOCATION_EXPIRES_EARLY, "allocation-expires-early", "L25",                     \
      "an allocation ends at half its lifetime")                                       \
    X(QUOTA_IGNORED, "quota-ignored", "L26", "no user reaches the quota")              \
    X(LOW_RELAY_PORTS, "low-relay-ports", "L27", "relay ports are below 49152")        \
    X(TCP_CLOSE_KEEPS_ALLOCATION, "tcp-close-keeps-allocation", "L28",                 \
      "an allocation, and its quota, outlive its TCP connection")                      \
    X(RELAY_PORTS_SEQUENTIAL, "relay-ports-sequential", "L29",                         \
      "relay ports follow each other")

#define PROBE_DEFECTS_PERMISSION(X)                                               \
    X(PEERLESS_PERMISSION, "peerless-permission", "P01",                          \
      "CreatePermission without a peer succeeds")                                 \
    X(FIRST_PEER_ONLY, "first-peer-only", "P02",                                  \
      "of several peers only the first is installed")                             \
    X(DENIED_PEER_401, "denied-peer-401", "P03 X04 X05",                          \
      "CreatePermission for a denied peer gets 401")                              \
    X(PEER_FAMILY_UNCHECKED, "peer-family-unchecked", "P04",                      \
      "a peer of another family than the relay is accepted")                      \
    X(PERMISSIONS_INSTALLED_PARTLY, "permissions-installed-partly", "P05",        \
      "the good peers before a bad one are installed")                            \
    X(PERMISSION_BY_PORT, "permission-by-port", "P06",                            \
      "a permission is for one port of its address")                              \
    X(INBOUND_UNFILTERED, "inbound-unfiltered", "P07",                            \
      "a peer without permission reaches the client")                             \
    X(PERMISSION_NEVER_EXPIRES, "permission-never-expires", "P08",                \
      "a permission lasts as long as the allocation")                             \
    X(PERMISSION_EXPIRES_EARLY, "permission-expires-early", "P08",                \
      "a permission ends after 60 s")                                             \
    X(SEND_UNFILTERED, "send-unfiltered", "P09",                                  \
      "Send to a peer without permission is relayed")                             \
    X(SEND_PERMITS, "send-permits", "P09", "Send makes a permission")             \
    X(SEND_REFRESHES, "send-refreshes", "P08", "Send refreshes the permission")   \
    X(SEND_ERRORS_ANSWERED, "send-errors-answered", "P10",                        \
      "a Send indication without peer or DATA gets a 400")                        \
    X(EMPTY_DATA_LOST, "empty-data-lost", "P11", "an empty DATA is not relayed")  \
    X(DATA_WITHOUT_PEER, "data-without-peer", "P12",                              \
      "Data indications have no XOR-PEER-ADDRESS")                                \
    X(STRAY_SEND_ANSWERED, "stray-send-answered", "P13",                          \
      "a Send without an allocation gets a 437")                                  \
    X(ALLOCATION_BY_USER, "allocation-by-user", "P14",                            \
      "a user's allocation can be used from any 5-tuple")                         \
    X(PERMISSIONS_SHARED, "permissions-shared", "P15",                            \
      "a permission counts for all allocations")                                  \
    X(ICMP_PEER_UNSAID, "icmp-peer-unsaid", "P16",                                \
      "ICMP errors come without their peer")                                      \
    X(ICMP_CODE_WRONG, "icmp-code-wrong", "P16", "ICMP errors have a wrong code") \
    X(DSCP_CHANGED, "dscp-changed", "P17", "a DSCP is relayed as another one")

#define PROBE_DEFECTS_CHANNEL(X)                                                      \
    X(CHANNEL_FIELDS_OPTIONAL, "channel-fields-optional", "C01",                      \
      "ChannelBind without peer or channel succeeds")                                 \
    X(CHANNELS_TO_7FFF, "channels-to-7fff", "C02",                                    \
      "channels to 0x7FFF are accepted (seen in real servers)")                       \
    X(CHANNEL_TOP_REFUSED, "channel-top-refused", "C03", "channel 0x4FFF is refused") \
    X(REBIND_REFUSED, "rebind-refused", "C04", "the same binding again gets 400")     \
    X(CHANNEL_CHANGES_PEER, "channel-changes-peer", "C05",                            \
      "a bound channel can be bound to another peer")                                 \
    X(PEER_CHANGES_CHANNEL, "peer-changes-channel", "C06",                            \
      "a bound peer can be bound to another channel")                                 \
    X(DENIED_BIND_401, "denied-bind-401", "C07 X09",                                  \
      "ChannelBind to a denied peer gets 401 (seen in real servers)")                 \
    X(BIND_WITHOUT_PERMISSION, "bind-without-permission", "C08",                      \
      "ChannelBind installs no permission")                                           \
    X(DATA_DESPITE_CHANNEL, "data-despite-channel", "C09",                            \
      "data of a bound peer comes as Data indications")                               \
    X(UNBOUND_CHANNEL_ANSWERED, "unbound-channel-answered", "C10",                    \
      "data on an unbound channel gets a 400")                                        \
    X(CHANNEL_OVERRUN_RELAYED, "channel-overrun-relayed", "C11",                      \
      "ChannelData longer than its datagram is relayed")                              \
    X(EMPTY_CHANNEL_DATA_LOST, "empty-channel-data-lost", "C12",                      \
      "ChannelData of length 0 is not relayed")                                       \
    X(CHANNEL_DATA_UNPADDED, "channel-data-unpadded", "C13",                          \
      "ChannelData over TCP has no padding")                                          \
    X(CHANNEL_DATA_REFRESHES, "channel-data-refreshes", "C14",                        \
      "ChannelData refreshes channel and permission")                                 \
    X(CHANNEL_PERMISSION_LASTS, "channel-permission-lasts", "C15",                    \
      "a channel's permission lasts as long as the channel")                          \
    X(CHANNEL_OUTLIVES, "channel-outlives", "C16", "a channel never expires")         \
    X(CHANNEL_ONCE_ONLY, "channel-once-only", "C16",                                  \
      "an expired channel cannot be bound again")

#define PROBE_DEFECTS_MORE(X)                                                            \
    X(TCP_RELAY_OVER_UDP, "tcp-relay-over-udp", "T01", "a UDP client gets a TCP relay")  \
    X(TCP_RELAY_EVEN_PORT, "tcp-relay-even-port", "T02",                                 \
      "EVEN-PORT, DONT-FRAGMENT and tokens are accepted for a TCP relay")                \
    X(CONNECT_WITHOUT_ID, "connect-without-id", "T03",                                   \
      "Connect's reply has no CONNECTION-ID")                                            \
    X(CONNECTION_MUTE, "connection-mute", "T03", "a bound connection carries no bytes")  \
    X(DUPLICATE_CONNECT, "duplicate-connect", "T04",                                     \
      "a second Connect to the same peer is tried")                                      \
    X(REFUSED_CONNECT_400, "refused-connect-400", "T05",                                 \
      "a peer that refuses gets 400 rather than 447")                                    \
    X(UNKNOWN_CONNECTION_BOUND, "unknown-connection-bound", "T06",                       \
      "ConnectionBind with an unknown id succeeds")                                      \
    X(ATTEMPT_UNSAID, "attempt-unsaid", "T07", "an inbound connection is not announced") \
    X(UNBOUND_LINGERS, "unbound-lingers", "T07",                                         \
      "an inbound connection that nobody binds stays open")                              \
    X(DENIED_CONNECT_TRIED, "denied-connect-tried", "T08",                               \
      "Connect to a denied peer gets 447, as though tried")                              \
    X(OTHER_ADDRESS_SAME, "other-address-same", "N01",                                   \
      "OTHER-ADDRESS is the primary address")                                            \
    X(OTHER_ADDRESS_UNREACHABLE, "other-address-unreachable", "N01",                     \
      "nobody listens at OTHER-ADDRESS (seen in real servers)")                          \
    X(RESPONSE_ORIGIN_WRONG, "response-origin-wrong", "N02",                             \
      "RESPONSE-ORIGIN is the other address")                                            \
    X(CHANGE_IGNORED, "change-ignored", "N03", "CHANGE-REQUEST is ignored")              \
    X(CHANGE_UNSUPPORTED_IGNORED, "change-unsupported-ignored", "N04",                   \
      "a single-homed server ignores CHANGE-REQUEST")                                    \
    X(RESPONSE_PORT_IGNORED, "response-port-ignored", "N05", "RESPONSE-PORT is ignored") \
    X(PADDING_WITH_RESPONSE_PORT, "padding-with-response-port", "N06",                   \
      "PADDING with RESPONSE-PORT is processed")                                         \
    X(PADDING_NOT_ECHOED, "padding-not-echoed", "N07", "the reply to PADDING has none")  \
    X(TICKET_EMPTY, "ticket-empty", "M01",                                               \
      "a request for mobility gets a ticket of no bytes")                                \
    X(OLD_TICKET_IN_ALLOCATE, "old-ticket-in-allocate", "M02",                           \
      "Allocate with a non-empty ticket succeeds")                                       \
    X(TICKET_NOT_RENEWED, "ticket-not-renewed", "M03",                                   \
      "a Refresh by ticket gets no new ticket")                                          \
    X(UNKNOWN_TICKET_400, "unknown-ticket-400", "M04",                                   \
      "an unknown ticket gets 400 rather than 437")                                      \
    X(TICKET_OF_ANYONE, "ticket-of-anyone", "M05", "another user can redeem a ticket")   \
    X(OLD_PATH_DIES, "old-path-dies", "M06", "data goes to the new path at once")        \
    X(BINDING_VERBOSE, "binding-verbose", "X01",                                         \
      "Binding replies have a SOFTWARE of 700 bytes")                                    \
    X(CHALLENGE_VERBOSE, "challenge-verbose", "X02", "401 has a SOFTWARE of 700 bytes")  \
    X(NAME_IS_ENOUGH, "name-is-enough", "X03",                                           \
      "a user name without integrity is believed")                                       \
    X(AUTHENTICATION_OFF, "authentication-off", "A01 X03",                               \
      "requests without integrity are accepted")                                         \
    X(LOOPBACK_PEERS, "loopback-peers", "X04 C07 T08",                                   \
      "loopback and unspecified addresses are allowed as peers")                         \
    X(METADATA_PEERS, "metadata-peers", "X05",                                           \
      "link-local, metadata and unique-local addresses are allowed as peers")            \
    X(PRIVATE_PEERS, "private-peers", "X06",                                             \
      "private, carrier NAT and multicast addresses are allowed as peers")               \
    X(DISGUISED_PEERS, "disguised-peers", "X07",                                         \
      "IPv4 addresses within IPv6 ones are allowed as peers")                            \
    X(OWN_ADDRESS_REFUSED, "own-address-refused", "X08",                                 \
      "the server's own addresses are refused as peers (a report)")                      \
    X(PEERS_CHECKED_ONCE, "peers-checked-once", "X09 C07 T08",                           \
      "only CreatePermission refuses peers, not ChannelBind and Connect")                \
    X(MEMORY_LEAKED, "memory-leaked", "X10",                                             \
      "DATA longer than its message is relayed with what lies behind it")                \
    X(CHALLENGES_UNLIMITED, "challenges-unlimited", "X11",                               \
      "401s are sent without a limit")                                                   \
    X(CHALLENGES_EXHAUST, "challenges-exhaust", "X12",                                   \
      "each challenge is remembered, and 500 are all there is room for")

#define PROBE_DEFECTS(X)        \
    PROBE_DEFECTS_STUN(X)       \
    PROBE_DEFECTS_AUTH(X)       \
    PROBE_DEFECTS_ALLOCATE(X)   \
    PROBE_DEFECTS_PERMISSION(X) \
    PROBE_DEFECTS_CHANNEL(X)    \
    PROBE_DEFECTS_MORE(X)

enum probe_defect {
#define X(symbol, name, cases, what) DEFECT_##symbol,
    PROBE_DEFECTS(X)
#undef X
        PROBE_N_DEFECTS
};

/** A set of defects; { 0 } has none. */
struct probe_defects {
    uint64_t bits[(PROBE_N_DEFECTS + 63) / 64];
};

static inline void probe_defects_add(struct probe_defects *set, enum probe_defect defect)
{
    set->bits[defect / 64] |= UINT64_C(1) << defect % 64;
}

static inline bool probe_defects_has(const struct probe_defects *set,
                                     enum probe_defect defect)
{
    return set->bits[defect / 64] >> defect % 64 & 1;
}

struct probe_defect_info {
    const char *name;  /**< "reply-from-other-port" */
    const char *cases; /**< "L06 L07": who finds it, parted by blanks */
    const char *what;  /**< what the server does wrong, in a few words */
};

/** What a defect is; never NULL for one below PROBE_N_DEFECTS. */
const struct probe_defect_info *probe_defect_describe(enum probe_defect defect);

/** Finds a defect by its name; false, with `ret_defect` untouched, if there is none. */
bool probe_defect_by_name(const char *name, enum probe_defect *ret_defect);

/** Whether a case, such as "L06", is among those that must find a defect. */
bool probe_defect_breaks(enum probe_defect defect, const char *case_id);

#endif
