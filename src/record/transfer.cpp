// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/transfer.hpp"

#include "base/check.hpp"

namespace octroi {

std::string to_string(const Party& party) {
    switch (party.kind) {
        case PartyKind::account:
        case PartyKind::outside:
            return party.name;
        case PartyKind::unattributed:
            return "@unattributed";
        case PartyKind::excluded:
            return "@excluded/" + party.name;
    }
    CHECK(false);
}

const char* to_string(LossReason reason) {
    switch (reason) {
        case LossReason::kernel_drop:
            return "kernel-drop";
        case LossReason::interface_drop:
            return "interface-drop";
        case LossReason::not_running:
            return "not-running";
        case LossReason::truncated:
            return "truncated";
        case LossReason::corrupt:
            return "corrupt";
        case LossReason::export_gap:
            return "export-gap";
        case LossReason::socket_drop:
            return "socket-drop";
        case LossReason::no_template:
            return "no-template";
        case LossReason::counter_reset:
            return "counter-reset";
        case LossReason::event_drop:
            return "event-drop";
    }
    CHECK(false);
}

}  // namespace octroi
