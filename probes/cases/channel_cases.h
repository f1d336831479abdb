/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of the cases C points to. */
#ifndef RTCLAB_PROBES_CHANNEL_CASES_H
#define RTCLAB_PROBES_CHANNEL_CASES_H

#include "probes/cases/relay_steps.h"

/* channel_bind.c: ChannelBind */
void bind_incomplete(struct trial *t);
void bind_out_of_range(struct trial *t);
void bind_first_and_last(struct trial *t);
void bind_again(struct trial *t);
void bind_channel_twice(struct trial *t);
void bind_peer_twice(struct trial *t);
void bind_denied(struct trial *t);

/* channel_data.c: ChannelData */
void bind_permits(struct trial *t);
void channel_is_used(struct trial *t);
void channel_unbound(struct trial *t);
void channel_cut_short(struct trial *t);
void channel_empty(struct trial *t);
void channel_padded(struct trial *t);

/* channel_life.c: how long a channel stays bound */
void channel_data_refreshes_nothing(struct trial *t);
void channel_outlives_permission(struct trial *t);
void channel_expires(struct trial *t);

#endif
