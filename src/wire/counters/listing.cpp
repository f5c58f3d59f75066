// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/counters/listing.hpp"

#include "wire/counters/words.hpp"

namespace octroi::counters {

const char* to_string(CounterForm form) {
    switch (form) {
        case CounterForm::policy:
            return "policy";
        case CounterForm::rule:
            return "rule";
        case CounterForm::named:
            return "counter";
        case CounterForm::quota:
            return "quota";
        case CounterForm::element:
            return "element";
    }
    return "";
}

void add_counter(CounterListing& listing, ListedCounter&& counter) {
    if (listing.counters.size() < listed_counters_max)
        listing.counters.push_back(std::move(counter));
    else
        add_unread(listing, counter.rule);
}

void add_unread(CounterListing& listing, std::string_view text) {
    constexpr std::size_t shown_max = 100;
    if (listing.unread++ == 0) listing.first_unread = text.substr(0, shown_max);
}

std::optional<std::uint32_t> parse_uid(std::string_view text) {
    const auto word = Words(text).next();
    std::uint64_t uid = 0;
    if (!word || !parse_whole(*word, uid) || uid >= UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(uid);
}

}  // namespace octroi::counters
