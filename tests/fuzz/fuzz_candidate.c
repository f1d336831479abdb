/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a candidate line: what is accepted must survive a round trip. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/candidate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct candidate first, second;
    char once[CANDIDATE_LINE_SIZE], twice[CANDIDATE_LINE_SIZE];
    if (candidate_parse((const char *)data, size, &first) != CANDIDATE_OK)
        return 0;
    if (candidate_format(&first, once, sizeof once) != CANDIDATE_OK ||
        candidate_parse(once, strlen(once), &second) != CANDIDATE_OK ||
        candidate_format(&second, twice, sizeof twice) != CANDIDATE_OK ||
        strcmp(once, twice) != 0)
        abort();
    size_t value_size;
    candidate_extension(&first, "generation", &value_size);
    return 0;
}
