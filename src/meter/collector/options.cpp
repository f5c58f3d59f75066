// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/listen.hpp"

namespace octroi::collector {

Status check_listen(const OptionEntry& entry) {
    for (const std::string& text : entry.texts()) {
        const auto listen = parse_listen(text);
        if (!listen) return std::unexpected(listen.error());
    }
    return {};
}

void check_options(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    for (const MeterConfig* meter : meters) {
        const OptionValues& options = meter->options;
        // A value that cannot be parsed was reported by check_listen() already.
        const bool listens_with_tls =
            std::ranges::any_of(options.texts("listen"), [](const std::string& text) {
                const auto listen = parse_listen(text);
                return listen && listen->transport == ListenTransport::tls;
            });
        if (!listens_with_tls) continue;
        if (!options.text("tls_certificate").empty() && !options.text("tls_key").empty()) continue;
        problems.push_back(
            {meter->where, fmt::format("[meter] {}: to listen with TLS it needs tls_certificate "
                                       "and tls_key, two PEM files",
                                       meter->name)});
    }
}

}  // namespace octroi::collector
