// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The configuration of nginx as statements. For this folder only.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::web_config {

struct NginxStatement {
    enum class Kind : std::uint8_t {
        simple,  // "root /var/www;"
        begin,   // "server {"
        end,     // "}"
        none,    // the text ends
    };
    Kind kind = Kind::none;
    std::vector<std::string> words;
    std::uint32_t line = 0;  // of its first word, from 1
};

// Reads statement by statement. Comments are left out; quotes are taken off. A block of a program
// (content_by_lua_block { … }) is left out as a whole: it is no configuration.
class NginxText {
public:
    explicit NginxText(std::string_view text) : rest_(text) {}
    [[nodiscard]] NginxStatement next();

private:
    void skip_spaces();
    [[nodiscard]] std::string word();
    void skip_block();

    std::string_view rest_;
    std::uint32_t line_ = 1;
};

}  // namespace octroi::web_config
