// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/session_table.hpp"

#include <gtest/gtest.h>

namespace octroi::logline {
namespace {

Session of_client(std::string client) {
    Session session;
    session.client = std::move(client);
    return session;
}

TEST(SessionTable, DropsTheOldestBeyondItsLimits) {
    SessionTable table({.sessions_max = 2, .octets_max = 100, .text_octets_max = 50});
    table.put("a", of_client("1"));
    table.put("b", of_client("2"));
    table.put("a", of_client("3"));  // the youngest now
    table.put("c", of_client("4"));
    EXPECT_EQ(table.evicted(), 1U);
    EXPECT_EQ(table.find("b"), nullptr);
    ASSERT_NE(table.find("a"), nullptr);
    EXPECT_EQ(table.find("a")->client, "3");
    table.put("d", of_client(std::string(1000, 'x')));
    EXPECT_EQ(table.find("d")->client.size(), 50U);
    table.put("e", of_client(std::string(1000, 'x')));
    EXPECT_EQ(table.find("d"), nullptr) << "102 octets";
    EXPECT_EQ(table.size(), 1U);
    table.put(std::string(51, 'k'), {});
    EXPECT_EQ(table.size(), 1U);
}

// The saved form is a part of a cursor, of which a ledger takes 1 MiB at most.
TEST(SessionTable, TheSavedFormOfAFullTableFitsACursor) {
    SessionTable small;
    SessionTable large;
    for (int i = 0; i < 70'000; ++i) small.put(std::to_string(i), {});
    for (int i = 0; i < 3000; ++i) {
        Session session = of_client(std::string(600, 'c'));
        session.user = session.section = session.client;
        large.put(std::to_string(i), std::move(session));
    }
    for (const SessionTable* const table : {&small, &large}) {
        EXPECT_GT(table->evicted(), 0U);
        EXPECT_LE(table->save().size(), (std::size_t{512} << 10U) + 4);
        EXPECT_GT(table->save().size(), std::size_t{500} << 10U) << "the limit is used";
    }
}

TEST(SessionTable, IsRestoredInItsOrder) {
    SessionTable table;
    EXPECT_EQ(table.save(), "");
    Session mail = of_client("192.0.2.1");
    mail.user = "ann";
    mail.section = "m";
    mail.size = UINT64_MAX;
    mail.has_size = true;
    table.put("b", mail);
    table.put("a", of_client("2"));
    SessionTable other({.sessions_max = 2, .octets_max = 100, .text_octets_max = 50});
    ASSERT_TRUE(other.restore(table.save()).has_value());
    EXPECT_EQ(other.save(), table.save());
    EXPECT_EQ(*other.find("b"), mail);
    other.put("c", {});
    EXPECT_EQ(other.find("b"), nullptr);
}

TEST(SessionTable, DamagedStateIsRefused) {
    SessionTable table;
    table.put("a", of_client("192.0.2.1"));
    const std::string state = table.save();
    for (std::size_t size = 1; size < state.size(); ++size) {
        EXPECT_FALSE(table.restore(state.substr(0, size)).has_value()) << size;
        EXPECT_EQ(table.size(), 0U);
    }
    EXPECT_FALSE(table.restore(state + "x").has_value());
    EXPECT_TRUE(table.restore(state).has_value());
}

}  // namespace
}  // namespace octroi::logline
