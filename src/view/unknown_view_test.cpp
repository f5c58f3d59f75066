// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/unknown_view.hpp"

#include <gtest/gtest.h>

#include "record/identity.hpp"
#include "record/identity_kinds.hpp"

namespace octroi {
namespace {

UsageRow row_of(const std::string& identity, std::uint64_t received, std::uint64_t sent) {
    UsageRow row;
    row.identity = identity;
    row.meter = "web";
    row.received.bytes = Bytes{received};
    row.sent.bytes = Bytes{sent};
    row.total.bytes = Bytes{received + sent};
    return row;
}

TEST(UnknownView, ShowsEachEndWithItsCommand) {
    Usage usage;
    usage.blocks.push_back({.layer = Layer::application,
                            .rows = {row_of("domain shop.example", 10, 5), row_of("", 1, 0)},
                            .left_out = 3});
    const Report report = unknown_report(usage);
    ASSERT_EQ(report.rows.size(), 2U);
    const auto& cells = report.rows[0].cells;
    ASSERT_EQ(cells.size(), report.columns.size());
    EXPECT_EQ(cells[0], Cell{std::string("domain shop.example")});
    EXPECT_EQ(cells[2], Cell{std::string("application")});
    EXPECT_EQ(cells[5], Cell{std::uint64_t{15}});
    EXPECT_EQ(cells[6], Cell{std::string("octroi bind domain shop.example ACCOUNT")});
    // There is nothing that could be bound.
    EXPECT_EQ(report.rows[1].cells[6], Cell{absent});
    ASSERT_EQ(report.notes.size(), 3U);
    EXPECT_NE(report.notes[0].find("3 more"), std::string::npos);
}

TEST(UnknownView, HasNoNotesWithoutRows) {
    const Report report = unknown_report({});
    EXPECT_TRUE(report.rows.empty());
    EXPECT_TRUE(report.notes.empty());
    EXPECT_FALSE(report.when_empty.empty());
}

// A forged name must not become another command when somebody pastes the line.
TEST(UnknownView, QuotesNamesForTheShell) {
    EXPECT_EQ(binding_command("10.1.2.3"), "octroi bind 10.1.2.3 ACCOUNT");
    EXPECT_EQ(binding_command("mac 00:30:ca:b8:d9:bc"),
              "octroi bind mac 00:30:ca:b8:d9:bc ACCOUNT");
    EXPECT_EQ(binding_command("user a;rm -rf $HOME"), "octroi bind user 'a;rm -rf $HOME' ACCOUNT");
    EXPECT_EQ(binding_command("user it's"), "octroi bind user 'it'\\''s' ACCOUNT");
    EXPECT_EQ(binding_command("user --account"), "octroi bind 'user --account' ACCOUNT");
    EXPECT_EQ(binding_command("domain *.example.org"),
              "octroi bind domain '*.example.org' ACCOUNT");
}

// `octroi bind` joins its operands with spaces, and the last one is the account.
TEST(UnknownView, BindsEveryKindOfIdentity) {
    for (const IdentityKindInfo& info : identity_kinds()) {
        const Identity identity = parse_identity(info.example).value();
        std::string command = binding_command(identity_text(identity));
        std::erase(command, '\'');  // quotes of the shell: no example has one
        const std::string begin = "octroi bind ";
        const std::string end = " ACCOUNT";
        ASSERT_TRUE(command.starts_with(begin) && command.ends_with(end)) << command;
        command = command.substr(begin.size(), command.size() - begin.size() - end.size());
        EXPECT_EQ(parse_identity(command).value(), identity) << command;
    }
    EXPECT_EQ(binding_command("user alice@example.org"),
              "octroi bind user alice@example.org ACCOUNT");
}

TEST(UnknownView, SaysWhatIsLeftOutOnPurpose) {
    const Report report = unknown_report({}, Bytes{1234});
    ASSERT_EQ(report.notes.size(), 1U);
    EXPECT_NE(report.notes[0].find("1234 bytes of clients that need no user"), std::string::npos);
}

}  // namespace
}  // namespace octroi
