// SPDX-License-Identifier: GPL-3.0-or-later
// Meter kinds, identity kinds and stores are rows of tables. Only the files listed here name one of
// them. A new kind must not make these lists longer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "service/meter_kinds.hpp"
#include "support/golden.hpp"

namespace octroi {
namespace {

using ::testing::ElementsAre;

// Removes comments, which may contain examples.
std::string code_of(const std::filesystem::path& file) {
    std::string text = support::read_text(file);
    for (std::size_t at = 0; (at = text.find("//", at)) != std::string::npos;)
        text.erase(at, text.find('\n', at) - at);
    return text;
}

bool is_word_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The name before "::", or as a whole literal in a line about kinds: some names of kinds are words
// that options and formats have too ("interfaces").
bool names(const std::string& code, const std::string& name) {
    const std::string literal = "\"" + name + "\"";
    for (std::size_t at = 0; (at = code.find(literal, at)) != std::string::npos; ++at) {
        const std::size_t begin = code.rfind('\n', at) + 1;
        const std::string line = code.substr(begin, code.find('\n', at) - begin);
        if (line.find("kind") != std::string::npos) return true;
    }
    const std::string scope = name + "::";
    for (std::size_t at = 0; (at = code.find(scope, at)) != std::string::npos; ++at)
        if (at == 0 || !is_word_character(code[at - 1])) return true;
    return false;
}

bool contains_any(const std::string& code, const std::vector<std::string>& texts) {
    return std::ranges::any_of(
        texts, [&](const std::string& text) { return code.find(text) != std::string::npos; });
}

bool names_a_meter_kind(const std::string& path, const std::string& code) {
    if (path.starts_with("src/meter/") && std::ranges::count(path, '/') > 2) return false;
    for (const MeterKind* kind : meter_kinds())
        if (names(code, std::string(kind->name))) return true;
    for (std::size_t at = 0; (at = code.find("#include \"meter/", at)) != std::string::npos; ++at) {
        const std::string included = code.substr(at + 16, code.find('"', at + 16) - at - 16);
        // All kinds share meter/file.
        if (included.find('/') != std::string::npos && !included.starts_with("file/")) return true;
    }
    return false;
}

bool names_an_identity_kind(const std::string& /*path*/, const std::string& code) {
    return contains_any(code, {"IdentityKind::"});
}

bool names_a_store(const std::string& path, const std::string& code) {
    if (path.starts_with("src/store/")) return false;
    return contains_any(code, {"sqlite", "Sqlite", "postgresql://", "#include \"store/"});
}

// The files of src/ for which `names` is true, without tests and test doubles.
std::vector<std::string> files_that(
    const std::function<bool(const std::string& path, const std::string& code)>& names) {
    std::vector<std::string> found;
    const auto root = support::source_root();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "src")) {
        const std::string path = std::filesystem::relative(entry.path(), root).string();
        const std::string end = entry.path().extension().string();
        const bool is_test = path.ends_with("_test.cpp") || path.ends_with("_fuzz.cpp") ||
                             path.find("/testing/") != std::string::npos;
        if ((end != ".cpp" && end != ".hpp") || is_test) continue;
        if (names(path, code_of(entry.path()))) found.push_back(path);
    }
    std::ranges::sort(found);
    return found;
}

// `octroi rules` and [[rule]] are about the rules of one kind of meter.
TEST(Seams, OnlyTheTableAndTheRulesNameAMeterKind) {
    EXPECT_THAT(files_that(names_a_meter_kind),
                ElementsAre("src/app/commands/rules.cpp", "src/service/accounting_rules.cpp",
                            "src/service/accounting_rules.hpp", "src/service/config_check.cpp",
                            "src/service/meter_kinds.cpp", "src/service/rules_report.cpp"));
}

TEST(Seams, FewFilesNameAnIdentityKind) {
    EXPECT_THAT(
        files_that(names_an_identity_kind),
        ElementsAre("src/attribute/changed_bindings.cpp", "src/attribute/directory.cpp",
                    "src/attribute/past_directory.cpp", "src/attribute/reattribution.cpp",
                    "src/attribute/source_prefixes.cpp", "src/ledger/directory_rules.cpp",
                    "src/meter/collector/exporter_report.cpp",
                    "src/meter/counters/wanted_counter.cpp",
                    "src/meter/nftables/accounting_rule.cpp", "src/meter/nftables/rule_names.cpp",
                    "src/record/directory.hpp", "src/record/identity_event.hpp",
                    "src/record/identity_kinds.cpp", "src/service/past_tables.cpp"));
}

TEST(Seams, OnlyTheLedgerUrlNamesAStore) {
    EXPECT_THAT(files_that(names_a_store), ElementsAre("src/service/ledger_url.cpp"));
}

}  // namespace
}  // namespace octroi
