/* SPDX-License-Identifier: Apache-2.0 */
/* What a lab asks of the kernel's scheduler. It takes what it gets. */
#ifndef RTCLAB_LAB_SCHEDULING_H
#define RTCLAB_LAB_SCHEDULING_H

/**
 * For the wall clock: has the kernel run this thread as soon as a packet is due, although
 * other calls' peers and servers, starting up, want the processors too. It does little at
 * a time. What it starts does not inherit that.
 */
void scheduling_be_punctual(void);

/**
 * For the virtual clock: turns go back and forth between this thread and the processes
 * that it starts; beside other load each would wait for its end.
 */
void scheduling_take_turns(void);

#endif
