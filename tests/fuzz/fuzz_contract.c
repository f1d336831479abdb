/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that a peer and the harness read from each other: lines, messages of either end,
 * and in them descriptions. Candidates are fuzz_candidate.c's.
 */
#include <stdlib.h>

#include "peer/contract.h"
#include "peer/line_reader.h"
#include "peer/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_texts(const struct contract_message *m)
{
    struct sdp_session session;
    if (m->sdp && sdp_session_parse(m->sdp, &session, NULL))
        sdp_session_clear(&session);
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
