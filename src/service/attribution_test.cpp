// SPDX-License-Identifier: GPL-3.0-or-later
// The attribution tables of a ledger that fails at times.
#include "service/attribution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "attribute/class_table.hpp"
#include "host/testing/folder.hpp"

namespace octroi {
namespace {

using ::testing::Contains;
using ::testing::Not;

constexpr UtcTime now = UtcTime::from_seconds(1'700'000'000);

ClassTable table_of(const std::string& name) {
    ClassTable table;
    table.default_class = name;
    table.classes = {name};
    table.version = class_table_version(table);
    return table;
}

// Holds a directory and class tables in memory. Reading or storing a part can be made to fail.
class FaultyDirectoryStore final : public DirectoryStore {
public:
    bool directory_fails = false;
    bool version_fails = false;  // of the current class table
    bool table_fails = false;
    bool load_fails = false;

    Result<Directory> directory() override {
        if (directory_fails) return fail(ErrorCode::failed, "the directory cannot be read");
        return held;
    }
    Result<std::uint64_t> directory_version() override { return held.version; }
    Result<std::string> current_class_version() override {
        if (version_fails) return fail(ErrorCode::failed, "the version cannot be read");
        return tables.empty() ? std::string() : tables.back().version;
    }
    Result<bool> apply(const Change& /*change*/, UtcTime /*at*/) override { return false; }
    Status load_class_table(const ClassTable& table, std::string_view /*name*/,
                            UtcTime /*at*/) override {
        if (load_fails) return fail(ErrorCode::no_space, "the disk is full");
        tables.push_back(table);
        return {};
    }
    Result<std::optional<ClassTable>> class_table(std::string_view version) override {
        if (table_fails) return fail(ErrorCode::failed, "the table cannot be read");
        for (const ClassTable& table : tables)
            if (table.version == version) return table;
        return std::nullopt;
    }
    Result<std::vector<ClassTableInfo>> class_tables() override {
        return std::vector<ClassTableInfo>();
    }

    Directory held;
    std::vector<ClassTable> tables;
};

class AttributionSourceTest : public ::testing::Test {
protected:
    AttributionSourceTest() {
        auto made = AttributionSource::create({}, store_, {});
        EXPECT_TRUE(made.has_value());
        source_.emplace(*std::move(made));
    }
    [[nodiscard]] std::vector<std::string> classes() const {
        return source_->tables().classes->names();
    }
    [[nodiscard]] std::vector<std::string> networks() const {
        std::vector<std::string> prefixes;
        for (const LocalNetwork& network : source_->networks()) prefixes.push_back(network.prefix);
        return prefixes;
    }

    FaultyDirectoryStore store_;
    std::optional<AttributionSource> source_;
};

TEST_F(AttributionSourceTest, ReadsAClassTableAgainAfterAFailure) {
    store_.tables = {table_of("partners")};
    store_.table_fails = true;
    const auto failed = source_->refresh();
    EXPECT_FALSE(failed.outcome.has_value());
    EXPECT_FALSE(failed.is_new);
    store_.table_fails = false;
    const auto repaired = source_->refresh();
    EXPECT_TRUE(repaired.outcome.has_value());
    EXPECT_TRUE(repaired.is_new);
    EXPECT_THAT(classes(), Contains("partners"));
    EXPECT_FALSE(source_->refresh().is_new);
}

TEST_F(AttributionSourceTest, PutsTheDirectoryInForceWhereOnlyTheClassTableFails) {
    store_.held.version = 1;
    store_.held.networks = {{"10.0.0.0/8", true}};
    store_.tables = {table_of("partners")};
    store_.table_fails = true;
    const auto refreshed = source_->refresh();
    EXPECT_FALSE(refreshed.outcome.has_value());
    EXPECT_TRUE(refreshed.is_new);
    EXPECT_THAT(networks(), Contains("10.0.0.0/8"));
}

TEST_F(AttributionSourceTest, PutsTheClassTableInForceWhereOnlyTheDirectoryFails) {
    store_.held.version = 1;
    store_.tables = {table_of("partners")};
    store_.directory_fails = true;
    const auto refreshed = source_->refresh();
    EXPECT_FALSE(refreshed.outcome.has_value());
    EXPECT_TRUE(refreshed.is_new);
    EXPECT_THAT(classes(), Contains("partners"));
}

TEST_F(AttributionSourceTest, UsesALateNetworkAfterAFailureToo) {
    source_->add_fallback({{"192.0.2.0/24", true}});
    store_.directory_fails = true;
    EXPECT_FALSE(source_->refresh().outcome.has_value());
    store_.directory_fails = false;
    EXPECT_TRUE(source_->refresh().is_new);
    EXPECT_THAT(networks(), Contains("192.0.2.0/24"));
}

// The default route came after the address.
TEST_F(AttributionSourceTest, DropsANetworkThatIsOutsideAfterAll) {
    source_->add_fallback({{"192.0.2.0/24", true}, {"10.0.0.0/8", true}});
    EXPECT_TRUE(source_->refresh().is_new);
    source_->add_fallback({{"192.0.2.7", true}}, {"192.0.2.0/24"});
    EXPECT_TRUE(source_->refresh().is_new);
    EXPECT_THAT(networks(), Contains("192.0.2.7"));
    EXPECT_THAT(networks(), Contains("10.0.0.0/8"));
    EXPECT_THAT(networks(), Not(Contains("192.0.2.0/24")));
    source_->add_fallback({{"192.0.2.7", true}}, {"192.0.2.0/24"});
    EXPECT_FALSE(source_->refresh().is_new);
}

// The configuration names a class table.
class ReconfigureTest : public AttributionSourceTest {
protected:
    ReconfigureTest() {
        std::ofstream(folder_.file("classes")) << "198.51.100.0/24 partners\n";
        config_.attribute.class_table = folder_.file("classes");
    }

    const testing::Folder folder_;
    Config config_;
};

TEST_F(ReconfigureTest, PutsTheTableOfTheConfigurationInForce) {
    // The table is not read back: after it is stored nothing may fail.
    store_.table_fails = true;
    EXPECT_TRUE(source_->reconfigure(config_, now).has_value());
    EXPECT_EQ(store_.tables.size(), 1U);
    EXPECT_THAT(classes(), Contains("partners"));
    EXPECT_FALSE(source_->refresh().is_new);
}

TEST_F(ReconfigureTest, StoresNoTableWhereItIsRefused) {
    store_.held.version = 1;
    store_.directory_fails = true;
    EXPECT_FALSE(source_->reconfigure(config_, now).has_value());
    store_.directory_fails = false;
    store_.version_fails = true;
    EXPECT_FALSE(source_->reconfigure(config_, now).has_value());
    store_.version_fails = false;
    store_.load_fails = true;
    EXPECT_FALSE(source_->reconfigure(config_, now).has_value());
    EXPECT_TRUE(store_.tables.empty());
    store_.load_fails = false;
    EXPECT_TRUE(source_->reconfigure(config_, now).has_value());
    EXPECT_THAT(classes(), Contains("partners"));
}

TEST_F(ReconfigureTest, RepairsATableThatARefreshCouldNotRead) {
    store_.tables = {table_of("mirror")};
    store_.table_fails = true;
    EXPECT_FALSE(source_->refresh().outcome.has_value());
    store_.table_fails = false;
    EXPECT_TRUE(source_->reconfigure({}, now).has_value());
    EXPECT_THAT(classes(), Contains("mirror"));
}

}  // namespace
}  // namespace octroi
