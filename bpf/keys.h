// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of keys.
#pragma once

#include "packet.h"
#include "tables.h"

static __always_inline void set_end(__u8* to, const struct packet* p, const __u32* address,
                                    __u32 length_plus_1) {
    if (p->family == 4) {
        *(__u32*)to = address[0] & mask32(length_plus_1 - 1);
        return;
    }
    __u32* words = (__u32*)to;
    for (int i = 0; i < 4; ++i) {
        const int rest = (int)length_plus_1 - 1 - 32 * i;
        words[i] = rest <= 0 ? 0 : address[i] & mask32(rest > 32 ? 32 : rest);
    }
}
