// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the decoders of src/wire/routes and the prefix match of src/attribute on the shared test
// data. Its README ("routes") has the rules: distinct pairs of prefix and origin.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "attribute/origin_table.hpp"
#include "host/file.hpp"
#include "host/inflate.hpp"
#include "wire/routes/route_reader.hpp"

namespace octroi {
namespace {

using nlohmann::json;
using Pair = std::pair<std::string, std::vector<std::uint32_t>>;

std::vector<std::uint32_t> numbers(const json& row) {
    if (!row.contains("origin")) return {};
    if (row["origin"].is_array()) return row["origin"].get<std::vector<std::uint32_t>>();
    return {row["origin"].get<std::uint32_t>()};
}

struct Table {
    RouteReader reader;
    RouteBatch batch;
    bool cut_off = false;
};

void read_table(const std::filesystem::path& path, Table& table) {
    auto file = File::open(path.string());
    ASSERT_TRUE(file.has_value()) << file.error().text;
    auto source = inflate(std::move(*file));
    ASSERT_TRUE(source.has_value()) << source.error().text;
    std::vector<std::byte> block(std::size_t{1} << 18U);
    for (;;) {
        const auto size = (*source)->read(block);
        table.cut_off = !size.has_value();
        if (!size || *size == 0) break;
        table.reader.feed(std::span(block).first(*size), table.batch);
    }
    table.reader.finish(table.batch);
}

std::vector<json> load(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::vector<json> rows;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty()) rows.push_back(json::parse(line));
    }
    return rows;
}

void check_pairs(const json& test, const std::filesystem::path& folder) {
    Table table;
    read_table(folder / test["input"].get<std::string>(), table);
    std::set<Pair> got;
    for (const Route& route : table.batch.routes) {
        const auto origins = table.batch.origins_of(route);
        got.emplace(to_string(route.prefix), std::vector(origins.begin(), origins.end()));
    }
    EXPECT_EQ(got.size(), test["rows"].get<std::size_t>());
    for (const json& want : load(folder / test["expected"].get<std::string>())) {
        auto origins = numbers(want);
        std::sort(origins.begin(), origins.end());
        EXPECT_TRUE(got.contains({want["prefix"].get<std::string>(), origins})) << want;
    }
    EXPECT_EQ(table.reader.counts().malformed, 0U);
    const bool cut_off = table.cut_off || table.reader.counts().truncated > 0;
    EXPECT_EQ(cut_off, test.value("truncated", false));
}

// Longest prefix match for each address of the list. An address without a match has no origin.
void check_lookups(const json& test, const std::filesystem::path& folder) {
    Table table;
    read_table(folder / test["table"].get<std::string>(), table);
    OriginTable origins;
    for (const Route& route : table.batch.routes) {
        EXPECT_TRUE(origins.add(route.prefix, table.batch.origins_of(route),
                                table.batch.label_of(route), route.votes));
    }
    origins.compile();
    const auto rows = load(folder / test["expected"].get<std::string>());
    EXPECT_FALSE(rows.empty());
    for (const json& want : rows) {
        const auto match = origins.find(*parse_address(want["address"].get<std::string>()));
        EXPECT_EQ(match ? match->origin->ases : std::vector<std::uint32_t>{}, numbers(want))
            << want;
        if (want.contains("prefix") && match) {
            EXPECT_EQ(to_string(match->prefix), want["prefix"].get<std::string>());
        }
        EXPECT_EQ(match.has_value(), want.contains("origin")) << want;
    }
}

void check_case(const json& test, const std::filesystem::path& folder) {
    const auto kind = test["kind"].get<std::string>();
    if (kind == "table" || kind == "list" || kind == "updates") check_pairs(test, folder);
    if (kind == "lookup") check_lookups(test, folder);
}

TEST(RoutesExpected, SharedTestData) {
    const char* root = std::getenv("OCTROI_TESTDATA");
    if (root == nullptr) GTEST_SKIP() << "OCTROI_TESTDATA is not set";
    std::size_t cases = 0;
    for (const auto& corpus :
         std::filesystem::directory_iterator(std::filesystem::path(root) / "routes")) {
        std::ifstream file(corpus.path() / "cases.json");
        for (const json& test : json::parse(file)) {
            SCOPED_TRACE(test["name"].get<std::string>());
            check_case(test, corpus.path());
            ++cases;
        }
    }
    EXPECT_GT(cases, 0U);
}

}  // namespace
}  // namespace octroi
