// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A strict reader of OpenMetrics text 1.0, as far as counters and gauges go. It is written from the
// standard, and shares no code with the program that it checks. Stricter than the standard: TYPE
// and HELP are required, timestamps and exemplars are refused.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace octroi::support {

class MetricsText {
public:
    using Labels = std::map<std::string, std::string>;
    struct Series {
        std::string name;
        Labels labels;
        std::string value;
    };

    explicit MetricsText(std::string_view text) {
        if (!is_utf8(text)) error("not UTF-8");
        constexpr std::string_view end = "# EOF\n";
        if (!text.ends_with(end) || (text.size() > end.size() && text[text.size() - 7] != '\n'))
            error("does not end with # EOF");
        else
            text.remove_suffix(end.size());
        while (!text.empty()) {
            const std::size_t length = text.find('\n');
            line_ = text.substr(0, length);
            read_line();
            if (length == std::string_view::npos) error("the last line has no end");
            text.remove_prefix(length == std::string_view::npos ? text.size() : length + 1);
        }
        end_family();
    }

    // Each with its line; empty: the text is as the standard requires.
    [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }
    [[nodiscard]] const std::vector<Series>& series() const { return series_; }
    [[nodiscard]] std::optional<std::uint64_t> value(std::string_view name,
                                                     const Labels& labels) const {
        for (const Series& each : series_)
            if (each.name == name && each.labels == labels)
                return std::strtoull(each.value.c_str(), nullptr, 10);
        return std::nullopt;
    }
    // Label values that are an address or a prefix.
    [[nodiscard]] std::vector<std::string> addresses() const {
        std::vector<std::string> found;
        for (const Series& each : series_)
            for (const auto& [name, value] : each.labels)
                if (parse_address(value) || parse_prefix(value, true)) found.push_back(value);
        return found;
    }

private:
    struct Family {
        std::string name;
        std::string type;
        std::optional<std::string> unit;
        bool has_help = false;
        std::size_t samples = 0;
    };

    void error(std::string_view what) {
        errors_.push_back(std::string(what) + ": " + std::string(line_));
    }

    void read_line() {
        if (line_.starts_with("# "))
            read_descriptor(line_.substr(2));
        else if (!line_.starts_with('#') && !line_.empty())
            read_sample(line_);
        else
            error("neither a descriptor nor a sample");
    }

    // "TYPE name counter"
    void read_descriptor(std::string_view rest) {
        const std::string_view keyword = cut(rest, ' ');
        const std::string name(cut(rest, ' '));
        if (keyword == "EOF") return error("# EOF more than once");
        if (!is_name(name, true)) return error("not a name");
        if (name != family_.name) {
            end_family();
            if (!families_.insert(name).second) error("a family in several places, or twice");
            family_.name = name;
        }
        if (family_.samples > 0) error("a descriptor behind samples");
        if (keyword == "TYPE") {
            if (!family_.type.empty()) error("TYPE twice");
            if (rest != "counter" && rest != "gauge") error("type");
            family_.type = rest;
        } else if (keyword == "UNIT") {
            if (family_.unit) error("UNIT twice");
            family_.unit = rest;
        } else if (keyword == "HELP") {
            if (family_.has_help) error("HELP twice");
            family_.has_help = true;
            if (!unescaped(rest)) error("escaping of the help text");
        } else {
            error("descriptor");
        }
    }

    void end_family() {
        if (family_.name.empty()) return;
        const std::string& name = family_.name;
        line_ = name;
        if (family_.type.empty()) error("no TYPE");
        if (!family_.has_help) error("no HELP");
        if (family_.samples == 0) error("no samples");
        if (name.ends_with("_total")) error("the name of a family ends in _total");
        if (family_.unit && !name.ends_with("_" + *family_.unit)) error("UNIT is not in the name");
        for (const char* unit : {"bytes", "seconds"})
            if (name.ends_with(std::string("_") + unit) && family_.unit != unit) error("no UNIT");
        family_ = {};
    }

    // "name{label="value",…} 12"
    void read_sample(std::string_view rest) {
        Series series;
        series.name = rest.substr(0, rest.find_first_of("{ "));
        rest.remove_prefix(series.name.size());
        if (!is_name(series.name, true)) error("not a name");
        const std::string expected = family_.name + (family_.type == "counter" ? "_total" : "");
        if (family_.name.empty() || series.name != expected) error("not of the family above");
        ++family_.samples;
        if (rest.starts_with('{') && !read_labels(rest, series.labels)) return error("labels");
        if (!rest.starts_with(' ')) return error("no value");
        series.value = rest.substr(1);
        if (!is_number(series.value)) error("not a number");
        if (!unique_.insert({series.name, series.labels}).second) error("a series twice");
        series_.push_back(std::move(series));
    }

    // Removes "{…}" from the text. False: it is wrong.
    static bool read_labels(std::string_view& rest, Labels& labels) {
        do {
            rest.remove_prefix(1);  // '{' or ','
            const std::string name(cut(rest, '='));
            if (!is_name(name, false) || name.starts_with("__") || !rest.starts_with('"'))
                return false;
            std::size_t end = 1;
            while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
            if (end >= rest.size()) return false;
            const auto value = unescaped(rest.substr(1, end - 1));
            if (!value || !labels.emplace(name, *value).second) return false;
            rest.remove_prefix(end + 1);
        } while (rest.starts_with(','));
        if (!rest.starts_with('}')) return false;
        rest.remove_prefix(1);
        return true;
    }

    // The escapes are \\, \" and \n, and no quote stands alone.
    static std::optional<std::string> unescaped(std::string_view text) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '"') return std::nullopt;
            if (text[i] != '\\') {
                out += text[i];
                continue;
            }
            if (++i == text.size() || (text[i] != 'n' && text[i] != '"' && text[i] != '\\'))
                return std::nullopt;
            out += text[i] == 'n' ? '\n' : text[i];
        }
        return out;
    }

    // Removes the text up to the separator, and the separator.
    static std::string_view cut(std::string_view& text, char separator) {
        const std::size_t end = std::min(text.find(separator), text.size());
        const std::string_view first = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        return first;
    }
    static bool is_name(std::string_view name, bool metric) {
        for (const char c : name) {
            const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
            if (!is_letter && !(c >= '0' && c <= '9') && !(metric && c == ':')) return false;
        }
        return !name.empty() && !(name[0] >= '0' && name[0] <= '9');
    }
    static bool is_number(const std::string& text) {
        const bool may_begin =
            !text.empty() && text.find_first_not_of("0123456789.eE+-") == std::string::npos;
        char* end = nullptr;
        return may_begin && std::strtod(text.c_str(), &end) >= 0 && *end == '\0';
    }
    // RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
    static bool is_utf8(std::string_view text) {
        for (std::size_t i = 0; i < text.size();) {
            const auto first = static_cast<unsigned char>(text[i]);
            const std::size_t more = first < 0x80   ? 0
                                     : first < 0xc2 ? 9
                                     : first < 0xe0 ? 1
                                     : first < 0xf0 ? 2
                                     : first < 0xf5 ? 3
                                                    : 9;
            if (more > 3 || i + more >= text.size()) return false;
            std::uint32_t value = more == 0 ? first : first & (0x3fU >> more);
            for (std::size_t k = 1; k <= more; ++k) {
                const auto next = static_cast<unsigned char>(text[i + k]);
                if ((next & 0xc0U) != 0x80U) return false;
                value = value << 6U | (next & 0x3fU);
            }
            if ((more == 2 && value < 0x800) || (more == 3 && value < 0x10000) ||
                (value >= 0xd800 && value < 0xe000) || value > 0x10ffff)
                return false;
            i += more + 1;
        }
        return true;
    }

    std::string_view line_;  // that is being read, for errors
    Family family_;
    std::set<std::string> families_;
    std::set<std::pair<std::string, Labels>> unique_;
    std::vector<Series> series_;
    std::vector<std::string> errors_;
};

}  // namespace octroi::support
