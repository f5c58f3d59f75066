// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// TLS over TCP connections that others open to us (OpenSSL). RFC 7011 section 11.3 wants both sides
// to know each other: with `clients` set only those whose certificate is signed by one of its
// authorities are let in.

#include <memory>
#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "host/streams.hpp"

namespace octroi {

// Files, PEM.
struct TlsFiles {
    std::string certificate;  // ours, and the chain behind it
    std::string key;
    std::string clients;  // authorities of those who may connect; empty: anybody may

    auto operator<=>(const TlsFiles&) const = default;
};

// As listen_tcp; the connections it gives are read in the clear. A hand-shake that fails ends the
// connection. TLS 1.2 at least. The process ignores SIGPIPE from then on. Errors beside those:
// not_found, invalid (a file is no certificate or no key, or they do not belong together).
[[nodiscard]] Result<std::unique_ptr<StreamListener>> listen_tls(const Address& address,
                                                                 std::uint16_t port,
                                                                 const TlsFiles& files);

}  // namespace octroi
