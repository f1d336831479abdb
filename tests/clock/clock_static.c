/* SPDX-License-Identifier: Apache-2.0 */
/* A program without a dynamic linker, so that nothing can be preloaded into it. */
#include <unistd.h>

int main(void)
{
    sleep(1);
    return 0;
}
