// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A line that is one JSON object (RFC 8259), as a list of its members. One thread. After some lines
// nothing allocates.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::logline {

struct JsonMember {
    std::string_view path;   // "size"; within objects "request.host"
    std::string_view value;  // of texts decoded; of numbers, true, false and null as they stand
    bool is_text = false;
};

class JsonLine {
public:
    static constexpr std::size_t members_max = 512;
    static constexpr int depth_max = 32;
    static constexpr std::size_t paths_octets_max = std::size_t{64} * 1024;

    // False: the line is no JSON object, or has more members, levels or octets of paths than
    // the bounds. Arrays are checked and their elements left out. Members are valid until the next
    // call, while the line lives.
    [[nodiscard]] bool parse(std::string_view line);
    [[nodiscard]] std::span<const JsonMember> members() const noexcept { return members_; }

private:
    [[nodiscard]] bool parse_value(int depth, bool is_kept);
    [[nodiscard]] bool parse_object(int depth, bool is_kept);
    [[nodiscard]] bool parse_array(int depth);
    [[nodiscard]] bool parse_text(std::string_view& text);
    [[nodiscard]] bool parse_escape();
    [[nodiscard]] bool parse_hex(unsigned& value);
    [[nodiscard]] bool parse_word(std::string_view& word);
    void add_code_point(unsigned value);
    void skip_space();

    std::string_view rest_;
    std::string path_;
    // Decoded texts; paths. Their capacity is reserved before a line is parsed, so that views into
    // them stay valid.
    std::string decoded_;
    std::string paths_;
    std::vector<JsonMember> members_;
};

}  // namespace octroi::logline
