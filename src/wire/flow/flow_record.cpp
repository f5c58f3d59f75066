// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/flow/flow_record.hpp"

namespace octroi::flow {

std::string_view name(Protocol protocol) noexcept {
    switch (protocol) {
        case Protocol::netflow_v1:
        case Protocol::netflow_v5:
        case Protocol::netflow_v7:
        case Protocol::netflow_v9:
            return "netflow";
        case Protocol::ipfix:
            return "ipfix";
        case Protocol::sflow_v5:
            return "sflow";
        case Protocol::unknown:
            break;
    }
    return "unknown";
}

int version(Protocol protocol) noexcept {
    return protocol == Protocol::sflow_v5 ? 5 : static_cast<int>(protocol);
}

}  // namespace octroi::flow
