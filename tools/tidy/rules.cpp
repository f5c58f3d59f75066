// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "functions.hpp"

namespace octroi::tidy {
namespace {

constexpr std::string_view ratchet_path = "tools/tidy/ratchet.txt";
constexpr std::string_view licence = "SPDX-License-Identifier: GPL-3.0-or-later";

// In two pieces, so that this line is not a finding itself.
const std::string leftover = std::string("FIX") + "ME";

struct Banned {
    const char* word;     // a part of every match, searched first: regular expressions are slow
    const char* pattern;  // ECMAScript, over code without comments and literals
    const char* exempt;   // layers in which it is allowed, separated by spaces
    const char* instead;  // what to write
    bool headers_only = false;
};

// Checked in all files below src/, tests included.
constexpr std::array banned = {
    Banned{"system_clock", R"(\bsystem_clock::now\b)", "host", "ask host::Clock"},
    Banned{"time", R"((^|[^\w.>:]|std::)time\s*\(\s*(NULL|nullptr|0|&\w+)\s*\))", "host",
           "ask host::Clock"},
    Banned{"gettime", R"(\b(clock_gettime|gettimeofday)\s*\()", "host", "ask host::Clock"},
    Banned{"new", R"(\bnew\s+[A-Za-z_:(])", "", "use std::make_unique or a container"},
    Banned{"delete", R"(\bdelete\b)", "", "let an owner free it"},
    Banned{"throw", R"(\bthrow\b)", "host store", "return a Result"},
    Banned{"reinterpret_cast", R"(\breinterpret_cast\b)", "wire host",
           "read through a cursor over std::byte"},
    Banned{"cout", R"(\bstd::cout\b)", "app", "return text; app/ prints"},
    Banned{"sleep_for", R"(\bsleep_for\b)", "", "wait for the event itself, with a time limit"},
    Banned{"namespace", R"(^using\s+namespace\b)", "", "name what you use", true},
};

bool ends_with(const std::string& text, std::string_view end) { return text.ends_with(end); }

/// A test, a fuzz target or a test double: not shipped.
bool is_test(const std::string& path) {
    return ends_with(path, "_test.cpp") || ends_with(path, "_fuzz.cpp") ||
           path.find("/testing/") != std::string::npos;
}

bool has_word(std::string_view words, std::string_view word) {
    std::istringstream in{std::string(words)};
    for (std::string each; in >> each;) {
        if (each == word) return true;
    }
    return false;
}

/// Counts code points, not octets: an umlaut is one column.
std::size_t columns(const std::string& line) {
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

/// "wire/packet/packet" for the header, the source, the test and the fuzz target with this name.
std::string family(std::string path) {
    path.resize(std::min(path.rfind('.'), path.size()));
    for (const std::string_view tail : {"_test", "_fuzz", "_bench"}) {
        if (path.ends_with(tail)) path.resize(path.size() - tail.size());
    }
    return path;
}

/// `= delete` and `operator delete` free nothing. `new` directly in the constructor of an owner is
/// needed to call a private constructor.
bool is_harmless(const SourceFile& file, std::size_t index, const std::smatch& match) {
    static const std::regex declares(R"((=|operator)\s*$)");
    static const std::regex owns(R"(unique_ptr<[^;]*[>\w]\(\s*$)");
    const std::string before = (index > 0 ? file.code[index - 1] : "") + match.prefix().str();
    if (match.str() == "delete") return std::regex_search(before, declares);
    return match.str().starts_with("new") && std::regex_search(before, owns);
}

void check_banned_words(const SourceFile& file, std::size_t index, const std::string& layer,
                        std::vector<Finding>& findings) {
    static const auto patterns = [] {
        std::array<std::regex, banned.size()> all;
        for (std::size_t i = 0; i < banned.size(); ++i) all[i].assign(banned[i].pattern);
        return all;
    }();
    for (std::size_t i = 0; i < banned.size(); ++i) {
        if (file.code[index].find(banned[i].word) == std::string::npos) continue;
        if (has_word(banned[i].exempt, layer)) continue;
        if (banned[i].headers_only && !file.path.ends_with(".hpp")) continue;
        std::smatch match;
        if (!std::regex_search(file.code[index], match, patterns[i])) continue;
        if (is_harmless(file, index, match)) continue;
        findings.push_back(
            {file.path, index + 1, "`" + match.str() + "` is banned here: " + banned[i].instead});
    }
}

}  // namespace

Ratchet Ratchet::parse(std::string_view text, std::vector<Finding>& findings) {
    Ratchet ratchet;
    std::istringstream in{std::string(text)};
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line[0] == '#') continue;
        const std::size_t space = line.rfind(' ');
        const std::string digits = space == std::string::npos ? "" : line.substr(space + 1);
        if (digits.empty() || !std::all_of(digits.begin(), digits.end(),
                                           [](char c) { return c >= '0' && c <= '9'; })) {
            findings.push_back(
                {std::string(ratchet_path), number, "expected `path [function] lines`"});
            continue;
        }
        ratchet.allowed_[line.substr(0, space)] = std::stoul(digits);
        ratchet.used_[line.substr(0, space)] = false;
    }
    return ratchet;
}

std::size_t Ratchet::allowed(const std::string& key, std::size_t usual) const {
    const auto found = allowed_.find(key);
    if (found == allowed_.end()) return usual;
    used_[key] = true;
    return found->second;
}

void Ratchet::report_unused(std::vector<Finding>& findings) const {
    for (const auto& [key, used] : used_) {
        if (!used) {
            findings.push_back(
                {std::string(ratchet_path), 0,
                 "`" + key + "` is within the limit or does not exist: remove its line"});
        }
    }
}

void check_licence(const SourceFile& file, std::vector<Finding>& findings) {
    const bool cpp = ends_with(file.path, ".cpp") || ends_with(file.path, ".hpp");
    const std::size_t among = cpp ? 1 : 2;  // scripts begin with #!
    for (std::size_t i = 0; i < std::min(among, file.lines.size()); ++i) {
        if (file.lines[i].find(licence) != std::string::npos) return;
    }
    findings.push_back({file.path, 1, "the first line must contain: " + std::string(licence)});
}

void check_pragma_once(const SourceFile& file, std::vector<Finding>& findings) {
    if (!ends_with(file.path, ".hpp")) return;
    if (std::find(file.lines.begin(), file.lines.end(), "#pragma once") == file.lines.end()) {
        findings.push_back({file.path, 1, "a header must contain #pragma once"});
    }
}

void check_columns(const SourceFile& file, std::vector<Finding>& findings) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (const std::size_t wide = columns(file.lines[i]); wide > columns_max) {
            findings.push_back(
                {file.path, i + 1,
                 std::to_string(wide) + " columns, at most " + std::to_string(columns_max)});
        }
    }
}

void check_banned(const SourceFile& file, std::vector<Finding>& findings) {
    const std::string layer = layer_of(file.path);
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (file.lines[i].find(leftover) != std::string::npos) {
            findings.push_back({file.path, i + 1, leftover + ": fix it, or open an issue"});
        }
        if (layer.empty()) continue;
        if (quoted_include(file.lines[i]).starts_with("../")) {
            findings.push_back(
                {file.path, i + 1, "#include \"../\": write the path from the layer on"});
        }
        check_banned_words(file, i, layer, findings);
    }
}

void check_lengths(const SourceFile& file, const Ratchet& ratchet, std::vector<Finding>& findings) {
    const auto over = [&](std::size_t lines, std::size_t usual, const std::string& key) {
        return lines > usual && lines > ratchet.allowed(key, usual);
    };
    if (over(file.lines.size(), file_lines_max, file.path)) {
        findings.push_back(
            {file.path, 0, std::to_string(file.lines.size()) + " lines: divide the file by topic"});
    }
    for (const FunctionSpan& function : find_functions(file)) {
        if (over(function.lines, function_lines_max, file.path + " " + function.name)) {
            findings.push_back({file.path, function.line,
                                function.name + " has " + std::to_string(function.lines) +
                                    " lines, at most " + std::to_string(function_lines_max)});
        }
    }
}

void check_dead_headers(const std::vector<SourceFile>& files, std::vector<Finding>& findings) {
    const auto from_layer = [](const std::string& path) {  // "wire/x.hpp" for "src/wire/x.hpp"
        return layer_of(path).empty() ? path : path.substr(std::string_view("src/").size());
    };
    std::set<std::string> used;
    for (const SourceFile& file : files) {
        for (const std::string& line : file.lines) {
            const std::string include = quoted_include(line);
            if (include.empty() || family(include) == family(from_layer(file.path))) continue;
            // A test keeps only test doubles alive, not the production headers that it includes.
            if (!is_test(file.path) || is_test(include)) used.insert(include);
        }
    }
    for (const SourceFile& file : files) {
        if (layer_of(file.path).empty() || !ends_with(file.path, ".hpp")) continue;
        if (!used.contains(from_layer(file.path))) {
            findings.push_back({file.path, 0, "no file includes it: it is dead, or not used yet"});
        }
    }
}

void check_links(const SourceFile& file, const std::vector<std::string>& paths,
                 std::vector<Finding>& findings) {
    static const std::regex link(R"(\]\(([^)#\s]+)[^)]*\))");
    const std::filesystem::path folder = std::filesystem::path(file.path).parent_path();
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const std::string& line = file.lines[i];
        for (std::sregex_iterator at(line.begin(), line.end(), link), end; at != end; ++at) {
            const std::string target = (*at)[1].str();
            if (target.find("://") != std::string::npos) continue;
            const std::string path = (folder / target).lexically_normal().string();
            const auto leads_to = [&](const std::string& each) {
                return each == path || each.starts_with(path + "/");
            };
            if (std::none_of(paths.begin(), paths.end(), leads_to)) {
                findings.push_back({file.path, i + 1, "the link to " + target + " does not exist"});
            }
        }
    }
}

void check_readmes(const std::vector<std::string>& paths, std::vector<Finding>& findings) {
    std::set<std::string> layers;
    for (const std::string& path : paths) {
        if (ends_with(path, ".hpp") || ends_with(path, ".cpp")) layers.insert(layer_of(path));
    }
    layers.erase("");
    for (const std::string& layer : layers) {
        const std::string readme = "src/" + layer + "/README.md";
        if (std::find(paths.begin(), paths.end(), readme) == paths.end()) {
            findings.push_back({readme, 0,
                                "is missing: it states what the folder owns and does not own, and "
                                "its invariants"});
        }
    }
}

}  // namespace octroi::tidy
