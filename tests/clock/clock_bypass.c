/* SPDX-License-Identifier: Apache-2.0 */
/* A program that sleeps by an instruction of its own, three times. */
#include "instruction.h"

int main(void)
{
    for (int i = 0; i < 3; i++)
        sleep_by_instruction();
    return 0;
}
