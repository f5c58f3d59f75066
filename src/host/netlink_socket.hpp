// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Owns a socket of libmnl, and lets its parser call C++ callables.

#include <libmnl/libmnl.h>

#include <memory>

namespace octroi {

struct NetlinkCloser {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using NetlinkSocket = std::unique_ptr<mnl_socket, NetlinkCloser>;

// libmnl's parser passes a void pointer to a C callback; these carry a C++ callable through it.
template <typename Visit>
int visit_attribute(const nlattr* attribute, void* visit) {
    (*static_cast<Visit*>(visit))(attribute);
    return MNL_CB_OK;
}
template <typename Visit>
void each_attribute(const nlmsghdr* message, unsigned header_size, Visit visit) {
    mnl_attr_parse(message, header_size, visit_attribute<Visit>, &visit);
}
template <typename Visit>
void each_nested(const nlattr* nested, Visit visit) {
    mnl_attr_parse_nested(nested, visit_attribute<Visit>, &visit);
}

}  // namespace octroi
