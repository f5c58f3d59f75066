// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Wildcards of domain names: "*.example.org" stands for every name below example.org, however many
// labels it has more, and not for example.org itself. Web servers read their aliases so
// (ServerAlias of Apache, server_name of nginx).

#include <string>
#include <string_view>

namespace octroi {

// The narrowest wildcard that covers a canonical domain or wildcard, without itself: of
// "www.example.org" this is "*.example.org", of "*.example.org" it is "*.org". Empty: none does.
// Repeated calls give ever broader wildcards, at most 126 (RFC 1035 section 2.3.4: 253 octets).
[[nodiscard]] std::string broader_wildcard(std::string_view domain);

}  // namespace octroi
