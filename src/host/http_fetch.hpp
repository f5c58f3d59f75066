// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Fetches a resource over HTTP or HTTPS. Behind it is libcurl, in http_fetch.cpp alone
// (docs/decisions/0621-libcurl.md). Certificates and host names are verified always. Of other
// protocols, which libcurl has too, none is used: neither in the URL nor in a redirection.

#include <cstddef>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

struct FetchRequest {
    std::string url;  // http:// or https://
    // Of the answer that the caller has: the server may state that nothing is newer (RFC 9110
    // sections 13.1.2 and 13.1.3). Empty: unknown.
    std::string etag;
    std::string last_modified;
    std::string ca_file;  // PEM, trusted in place of the certificates of the system; empty: those
    std::size_t octets_max = std::size_t{64} << 20U;  // of the body; more is an error
    Duration time_max = Duration::seconds(60);        // for the whole exchange
    // Asked about once a second. True: the exchange ends with the error `interrupted`.
    std::function<bool()> stop_requested = {};
};

struct FetchAnswer {
    bool is_unchanged = false;  // 304: what the caller has is good
    std::string body;           // as sent: a compressed file stays compressed
    std::string etag;           // empty: the server states none
    std::string last_modified;
};

// HTTPS is never redirected to HTTP. At most 5 redirections. Any thread; blocks for at most
// time_max. Errors: not_found (404, 410), over_limit, interrupted, failed (the text names the URL
// without its password, and the cause).
[[nodiscard]] Result<FetchAnswer> fetch(const FetchRequest& request);

// A URL for messages: without user, password, query and fragment, which may hold a secret
// ("?token=…").
[[nodiscard]] std::string url_for_messages(const std::string& url);

}  // namespace octroi
