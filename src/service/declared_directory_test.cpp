// SPDX-License-Identifier: GPL-3.0-or-later
// read_declarations() and desired_directory(): people in bulk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "ledger/audit.hpp"
#include "record/identity.hpp"
#include "service/directory_changes.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::noon;
using octroi::testing::TemporaryLedger;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class DeclaredDirectoryTest : public ::testing::Test {
protected:
    std::string file(const std::string& name, std::string_view text) {
        std::ofstream(folder_.file(name)) << text;
        return folder_.file(name);
    }
    [[nodiscard]] Directory directory() const { return ledger_->directory().value_or(Directory{}); }
    Result<DesiredDirectory> read(const std::vector<std::string>& files) {
        TRY_ASSIGN(const auto declarations, read_declarations(files));
        return desired_directory(declarations, directory());
    }
    std::string problems_of(const std::vector<std::string>& files) {
        const auto wanted = read(files);
        return wanted ? "none" : wanted.error().text;
    }
    // The lines of the changes that were made.
    std::vector<std::string> apply(const std::vector<std::string>& files) {
        const auto wanted = read(files);
        if (!wanted) return {wanted.error().text};
        Reconciliation plan = reconcile(directory(), *wanted, noon);
        EXPECT_TRUE(ledger_->apply(plan.change, noon));
        return std::move(plan.lines);
    }

    const testing::Folder folder_;
    const TemporaryLedger ledger_;
};

TEST_F(DeclaredDirectoryTest, SeveralFilesAreOneChange) {
    const auto wanted = read(
        {file("a.toml", "[[account]]\nname = \"physics\"\n[[network]]\nprefix = \"10.0.0.0/8\"\n"),
         file("b.csv", "identity,account\nmac 0:30:ca:b8:d9:bc,physics\n")});
    ASSERT_TRUE(wanted.has_value()) << wanted.error().text;
    EXPECT_THAT(wanted->accounts, SizeIs(1));
    EXPECT_EQ(wanted->networks.at(0).prefix, "10.0.0.0/8");
    EXPECT_EQ(wanted->bindings.at(0).identity.value, "00:30:ca:b8:d9:bc");
}

TEST_F(DeclaredDirectoryTest, PeopleHaveMailAddressesParentsAndBindings) {
    const std::string people = file("people.csv",
                                    "name,title,email,parent,bindings\n"
                                    "year1,First year,,,\n"
                                    "alice,Alice A.,Alice@Example.ORG,year1,user alice; 10.1.2.3\n"
                                    "bob,,bob@example.org,year1,\n");
    EXPECT_THAT(apply({people}), SizeIs(5));
    const Directory made = directory();
    EXPECT_EQ(made.accounts.at(0), (Account{"alice", "year1", "Alice A.", "Alice@example.org"}));
    EXPECT_EQ(made.accounts.at(1), (Account{"bob", "year1", "", "bob@example.org"}));
    ASSERT_THAT(made.bindings, SizeIs(2));
    EXPECT_EQ(identity_text(made.bindings.at(0).identity), "user alice");
    EXPECT_EQ(identity_text(made.bindings.at(1).identity), "10.1.2.3");
    EXPECT_THAT(apply({people}), IsEmpty()) << "again is no change";
    // A column that is empty or left out changes nothing.
    EXPECT_THAT(apply({file("names.csv", "name,email\nalice,\n")}), IsEmpty());
    EXPECT_THAT(apply({file("new.csv", "name,email\nalice,a@example.org\n")}),
                ::testing::ElementsAre("~ account alice: e-mail a@example.org"));
    EXPECT_EQ(directory().accounts.at(0).title, "Alice A.");
    EXPECT_TRUE(audit(*ledger_)->holds());
}

TEST_F(DeclaredDirectoryTest, TomlHasBindingsAsAListToo) {
    const auto wanted = read({file("p.toml",
                                   "[[account]]\nname = \"alice\"\nemail = \"a@example.org\"\n"
                                   "bindings = [\"user alice\", \"10.1.2.3\"]\n"
                                   "[[account]]\nname = \"bob\"\nbindings = \"user bob\"\n")});
    ASSERT_TRUE(wanted) << wanted.error().text;
    EXPECT_THAT(wanted->bindings, SizeIs(3));
    EXPECT_EQ(wanted->accounts.at(0).email, "a@example.org");
}

TEST_F(DeclaredDirectoryTest, EveryWrongLineIsNamedAndNothingIsApplied) {
    const std::string wrong = problems_of({file("people.csv",
                                                "name,email,bindings\n"
                                                "alice,alice@example.org,user alice\n"
                                                "bob,bob at example.org,\n"
                                                "-x,,\n"
                                                "carol,,user two words\n")});
    EXPECT_THAT(wrong, HasSubstr("people.csv:3: 'bob at example.org' is no mail address"));
    EXPECT_THAT(wrong, HasSubstr("people.csv:4: '-x' is no name of an account"));
    EXPECT_THAT(wrong, HasSubstr("people.csv:5: "));
    EXPECT_THAT(wrong, Not(HasSubstr("people.csv:2")));
    EXPECT_THAT(problems_of({file("b.csv", "identity,account\n10.0.0.0/8,x\n10.0.0.0/99,x\n")}),
                HasSubstr("b.csv:3: "));
}

TEST_F(DeclaredDirectoryTest, NamesThatNobodyHasAreNamedWithTheirLine) {
    EXPECT_TRUE(add_account(*ledger_, {"known", "", ""}, noon));
    const std::string wrong =
        problems_of({file("people.csv", "name,parent\nalice,known\nbob,alice\ncarol,nobody\n"),
                     file("bindings.csv", "identity,account\nuser x,bob\nuser y,dora\n")});
    EXPECT_THAT(wrong, HasSubstr("people.csv:4: the parent nobody is neither in the files nor in "
                                 "the ledger"));
    EXPECT_THAT(wrong, HasSubstr("bindings.csv:3: the account dora is neither"));
    EXPECT_THAT(wrong, Not(HasSubstr("people.csv:2")));
}

TEST_F(DeclaredDirectoryTest, WhatIsDeclaredTwiceIsNamedWithBothLines) {
    const std::string wrong =
        problems_of({file("people.csv", "name,bindings\nalice,user a\nbob,user a\nalice,\n")});
    EXPECT_THAT(wrong, HasSubstr("people.csv:4: account alice is declared in "));
    EXPECT_THAT(wrong, HasSubstr("people.csv:3: user a is bound to alice in "));
    // With times it is a binding that changes its account.
    EXPECT_EQ(problems_of({file("people2.csv", "name,bindings\nalice,user a\nbob,\n"),
                           file("later.csv", "identity,account,from\nuser a,bob,2026-01-01\n")}),
              "none");
}

TEST_F(DeclaredDirectoryTest, ProblemsOfALongFileAreBounded) {
    std::string text = "name\n";
    for (int i = 0; i < 1000; ++i) text += "-x\n";
    const std::string wrong = problems_of({file("people.csv", text)});
    EXPECT_THAT(wrong, HasSubstr("people.csv:51: "));
    EXPECT_THAT(wrong, Not(HasSubstr("people.csv:52: ")));
    EXPECT_THAT(wrong, HasSubstr("950 more problems"));
}

}  // namespace
}  // namespace octroi
