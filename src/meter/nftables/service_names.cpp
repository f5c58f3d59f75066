// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/service_names.hpp"

#include <charconv>
#include <vector>

namespace octroi::accounting {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    line = line.substr(0, line.find('#'));
    for (;;) {
        const std::size_t begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos) return words;
        line.remove_prefix(begin);
        const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

}  // namespace

// "smtp  25/tcp  mail # comment": a name, the port, aliases.
ServiceNames::ServiceNames(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const auto words = words_of(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (words.size() < 2) continue;
        const std::string_view place = words[1];
        const std::size_t slash = place.find('/');
        std::uint16_t port = 0;
        const auto [stop, error] =
            std::from_chars(place.data(), place.data() + std::min(slash, place.size()), port);
        if (slash == std::string_view::npos || error != std::errc{} || stop != place.data() + slash)
            continue;
        for (std::size_t i = 0; i < words.size(); ++i)
            if (i != 1)
                ports_.emplace(std::string(words[i]) + std::string(place.substr(slash)), port);
    }
}

std::optional<std::uint16_t> ServiceNames::port(std::string_view name,
                                                std::string_view protocol) const {
    const auto found = ports_.find(std::string(name) + "/" + std::string(protocol));
    if (found == ports_.end()) return std::nullopt;
    return found->second;
}

}  // namespace octroi::accounting
