// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// TLS on incoming TCP connections (OpenSSL). RFC 7011 section 11.3 requires mutual authentication:
// with TlsFiles::clients set, only clients with a certificate that one of these authorities signed
// are accepted.

#include <memory>
#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "host/streams.hpp"

namespace octroi {

// Paths of PEM files.
struct TlsFiles {
    std::string certificate;  // of this server, followed by its chain
    std::string key;          // private key of the certificate
    std::string clients;      // certificates of the authorities; empty: every client may connect

    auto operator<=>(const TlsFiles&) const = default;
};

// Like listen_tcp(); read() of its connections returns the decrypted octets. The handshake happens
// inside read(); if it fails, read() returns an error. At least TLS 1.2. SIGPIPE is ignored from
// the first call on. Further errors: invalid (a file is missing or is not a certificate or key, or
// key and certificate do not match).
[[nodiscard]] Result<std::unique_ptr<StreamListener>> listen_tls(const Address& address,
                                                                 std::uint16_t port,
                                                                 const TlsFiles& files);

}  // namespace octroi
