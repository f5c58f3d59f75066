// SPDX-License-Identifier: GPL-3.0-or-later
// The house rules that a program can check. Most rules check one file; check_dead_headers() and
// check_readmes() check the whole tree.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "source.hpp"

namespace octroi::tidy {

inline constexpr std::size_t columns_max = 100;
inline constexpr std::size_t file_lines_max = 700;
inline constexpr std::size_t function_lines_max = 70;

/// Exceptions for files and functions that were longer than the limit when the limit was added.
/// Each line is `path lines` or `path function lines`. The numbers may shrink, never grow.
class Ratchet {
public:
    static Ratchet parse(std::string_view text, std::vector<Finding>& findings);

    [[nodiscard]] std::size_t allowed(const std::string& key, std::size_t usual) const;
    /// Reports keys that do not exist or are within the usual limit: their lines should be removed.
    void report_unused(std::vector<Finding>& findings) const;

private:
    std::map<std::string, std::size_t> allowed_;
    mutable std::map<std::string, bool> used_;
};

void check_licence(const SourceFile& file, std::vector<Finding>& findings);
void check_pragma_once(const SourceFile& file, std::vector<Finding>& findings);
void check_columns(const SourceFile& file, std::vector<Finding>& findings);
void check_banned(const SourceFile& file, std::vector<Finding>& findings);
void check_lengths(const SourceFile& file, const Ratchet& ratchet, std::vector<Finding>& findings);

/// A header is dead if only its own family (x.cpp, x_test.cpp, x_fuzz.cpp…) and unit tests include
/// it. Headers that only tests share belong into a folder testing/.
void check_dead_headers(const std::vector<SourceFile>& files, std::vector<Finding>& findings);

/// Every layer folder with sources must have a README.md. `paths`: all files of the tree.
void check_readmes(const std::vector<std::string>& paths, std::vector<Finding>& findings);

/// Relative links of a Markdown file must lead to files or folders of the tree.
void check_links(const SourceFile& file, const std::vector<std::string>& paths,
                 std::vector<Finding>& findings);

}  // namespace octroi::tidy
