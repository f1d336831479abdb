/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the URI of a server: what is accepted must survive a round trip. */
#include <stdlib.h>
#include <string.h>

#include "wire/ice_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ice_url first, second;
    char once[ICE_URL_TEXT_SIZE], twice[ICE_URL_TEXT_SIZE];
    if (!ice_url_parse((const char *)data, size, &first))
        return 0;
    ice_url_format(&first, once);
    if (!ice_url_parse(once, strlen(once), &second) ||
        strcmp(ice_url_format(&second, twice), once) != 0 ||
        ice_url_port(&first) != ice_url_port(&second) ||
        ice_url_is_tcp(&first) != ice_url_is_tcp(&second))
        abort();
    return 0;
}
