// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/listing_text.hpp"

#include <fmt/format.h>

namespace octroi::counters {
namespace {

std::string_view recognise(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return "iptables-save";
    if (text[first] == '{') return "nft-json";
    text.remove_prefix(first);
    const bool is_list =
        text.starts_with("Chain ") || text.contains("\nChain ") || text.starts_with("IP ");
    return is_list ? "iptables-list" : "iptables-save";
}

}  // namespace

Result<CounterListing> parse_listing(std::string_view text, std::string_view format,
                                     std::string_view name) {
    if (format == "auto") format = recognise(text);
    if (format == "iptables-list") return parse_iptables_list(text);
    if (format != "nft-json") return parse_iptables_save(text);
    auto parsed = parse_nft_json(text);
    if (!parsed)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is no listing of nft: it must be JSON with a member "
                                "\"nftables\"; next: nft -j list ruleset > FILE",
                                name));
    return *std::move(parsed);
}

}  // namespace octroi::counters
