/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a capture with many taps, comments and packet identifiers, which libpcap cannot.
 *
 *     struct pcapng *capture = pcapng_open("trace.pcapng", &error);
 *     uint32_t tap = pcapng_add_interface(capture, "alice/eth0", "outside of the home
 * NAT"); pcapng_add_packet(capture, tap, time_ns, bytes, size,
 *                       &(struct pcapng_packet_options){ .packet_id = 7 });
 *     if (!pcapng_close(capture, &error))
 *         …
 *
 * Failures to write are remembered, not returned by each call: whoever captures has
 * something better to do, and nothing it could do about it. pcapng_close() reports them.
 */
#ifndef RTCLAB_WIRE_PCAPNG_H
#define RTCLAB_WIRE_PCAPNG_H

#include <glib.h>

#include "wire/pcapng_block.h"

struct pcapng;

/** What is known of a packet beyond its bytes; all zeros for nothing. */
struct pcapng_packet_options {
    const char *comment; /**< UTF-8; borrowed for the call */
    uint64_t packet_id; /**< the same at each tap that sees the same packet; 0 for none */
    enum pcapng_direction direction;
};

/**
 * Starts a capture. It is written beside its name and stands there once pcapng_close()
 * has succeeded, so that a reader never sees half of one; until then it is PATH.part,
 * readable up to the last block flushed.
 *
 * @param path  where it shall stand
 * @return caller owns, to be given to pcapng_close() or pcapng_discard(); NULL with
 *         RTC_ERROR_ENVIRONMENT
 */
struct pcapng *pcapng_open(const char *path, GError **error);

/**
 * Adds a tap; may be done at any time.
 *
 * @param name         "alice/eth0"; NULL or empty for none
 * @param description  likewise
 * @return its number, for pcapng_add_packet()
 */
uint32_t pcapng_add_interface(struct pcapng *capture, const char *name,
                              const char *description);

/**
 * Adds a packet as a tap saw it. Packets need not come in the order of their times.
 *
 * @param interface  a number from pcapng_add_interface()
 * @param time_ns    since 1970 UTC
 * @param bytes      from the IP header on; borrowed for the call
 * @param options    may be NULL
 */
void pcapng_add_packet(struct pcapng *capture, uint32_t interface, int64_t time_ns,
                       const void *bytes, uint32_t size,
                       const struct pcapng_packet_options *options);

/** Writes out what is buffered, so that the .part file can be read. */
void pcapng_flush(struct pcapng *capture);

/** The errno of the first failure to write; 0 if there was none so far. */
int pcapng_failure(const struct pcapng *capture);

/**
 * Adds each tap's statistics, ends the capture and puts it in its place.
 *
 * @param capture  consumed, whatever is returned
 * @return FALSE with RTC_ERROR_ENVIRONMENT if anything could not be written; PATH.part
 *         then holds the packets up to there, and what stood at PATH before still does
 */
gboolean pcapng_close(struct pcapng *capture, GError **error);

/** Ends a capture that nobody wants: removes the file. Takes NULL. */
void pcapng_discard(struct pcapng *capture);

#endif
