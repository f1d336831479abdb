/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that a peer and the harness read from each other: lines, messages of either end,
 * and in them descriptions and candidates.
 */
#include <stdlib.h>

#include "peer/contract.h"
#include "peer/line_reader.h"
#include "peer/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_texts(const struct contract_message *m)
{
    struct sdp_session session;
    struct sdp_candidate candidate;
    if (m->sdp && sdp_session_parse(m->sdp, &session, NULL)) {
        for (guint i = 0; i < session.candidates->len; i++)
            sdp_candidate_parse(g_ptr_array_index(session.candidates, i), &candidate,
                                NULL);
        sdp_session_clear(&session);
    }
    if (m->candidate && sdp_candidate_parse(m->candidate, &candidate, NULL)) {
        /* What was read can be written, and is read again. */
        g_autofree char *text = sdp_candidate_format(&candidate, NULL);
        if (!sdp_candidate_parse(text, &candidate, NULL))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct line_reader reader;
    line_reader_init(&reader, 64 * 1024);
    for (size_t taken = 0; taken < size;) {
        taken += line_reader_feed(&reader, (const char *)data + taken, size - taken);
        const char *line;
        size_t length;
        enum line_status status;
        while ((status = line_reader_next(&reader, &line, &length)) != LINE_NONE) {
            if (status != LINE_OK)
                continue;
            for (int from = CONTRACT_HARNESS; from <= CONTRACT_PEER; from++) {
                struct contract_message m;
                g_autoptr(GError) error = NULL;
                if (contract_parse(line, length, (enum contract_end)from, &m, &error)) {
                    read_texts(&m);
                    contract_message_clear(&m);
                } else if (!g_utf8_validate(error->message, -1, NULL)) {
                    abort();
                }
            }
        }
    }
    line_reader_clear(&reader);
    return 0;
}
