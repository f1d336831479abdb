/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_BASE_PROGRAM_H
#define RTCLAB_BASE_PROGRAM_H

/**
 * The folder of this process' executable, as it was when first asked: in other namespaces
 * /proc may show another path.
 * @return borrowed; "." if /proc does not tell
 */
const char *program_folder(void);

#endif
