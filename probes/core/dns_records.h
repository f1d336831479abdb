/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of a DNS answer that lead to a STUN or TURN server: SRV (RFC 2782), NAPTR
 * (RFC 3403), A and AAAA. Pure: bytes in, records out, no more of them than there is room
 * for. A record whose name could be no host's is left out.
 */
#ifndef RTCLAB_PROBES_CORE_DNS_RECORDS_H
#define RTCLAB_PROBES_CORE_DNS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/address.h"

#define DNS_MAX_RECORDS 32
#define DNS_NAME_SIZE   256 /**< of a name in text, with its NUL */
#define DNS_TEXT_SIZE   256 /**< of a NAPTR's services, likewise */

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33, DNS_NAPTR = 35 };

struct dns_srv {
    uint16_t priority, weight, port;
    char target[DNS_NAME_SIZE]; /**< "": the service is decidedly not there */
};

struct dns_naptr {
    uint16_t order, preference;
    char flag;                    /**< 's', 'a'; 0: another NAPTR follows */
    char services[DNS_TEXT_SIZE]; /**< "RELAY:turn.udp:turn.tcp" */
    char replacement[DNS_NAME_SIZE];
};

struct dns_records {
    enum dns_type type;
    size_t count;
    union {
        struct dns_srv srv[DNS_MAX_RECORDS];
        struct dns_naptr naptr[DNS_MAX_RECORDS];
        struct address address[DNS_MAX_RECORDS];
    };
};

/**
 * Reads the records of one type from the answer section.
 * @param ret set on success only
 * @return false if the message is malformed
 */
bool dns_records_parse(const uint8_t *message, size_t size, enum dns_type type,
                       struct dns_records *ret);

/** Letters, digits, hyphens, underscores and dots, and no more than DNS allows. */
bool dns_is_plain_name(const char *name);

#endif
