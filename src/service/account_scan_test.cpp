// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/account_scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/identity.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::noon;
using octroi::testing::TemporaryLedger;
using passwd::User;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using web_config::Site;

Site site(std::string name, std::string root, std::vector<std::string> aliases = {}) {
    Site out;
    out.name = std::move(name);
    out.root = std::move(root);
    out.aliases = std::move(aliases);
    out.file = "/etc/apache2/sites-enabled/x.conf";
    out.line = 3;
    return out;
}

class AccountScanTest : public ::testing::Test {
protected:
    [[nodiscard]] Directory directory() const { return ledger_->directory().value_or(Directory{}); }
    // The lines of the changes that were made.
    std::vector<std::string> apply() {
        ScanResult result = scan_accounts(users_, sites_, options_, directory(), noon);
        notes_ = std::move(result.notes);
        Reconciliation plan = reconcile(directory(), result.desired, noon);
        EXPECT_TRUE(ledger_->apply(plan.change, noon));
        return std::move(plan.lines);
    }
    // "user alice -> alice"
    [[nodiscard]] std::vector<std::string> bound() const {
        std::vector<std::string> lines;
        for (const Binding& binding : directory().bindings)
            lines.push_back(identity_text(binding.identity) + " -> " + binding.account);
        return lines;
    }

    std::vector<User> users_{{"root", 0, "root", "/root", "/bin/bash"},
                             {"www-data", 33, "www-data", "/var/www", "/usr/sbin/nologin"},
                             {"alice", 1000, "Alice A.", "/home/alice", "/bin/bash"},
                             {"bob", 1001, "", "/home/bob", "/usr/sbin/nologin"},
                             {"nobody", 65534, "nobody", "/nonexistent", "/usr/sbin/nologin"}};
    std::vector<Site> sites_{site("shop.example.org", "/home/alice/shop/htdocs",
                                  {"www.shop.example.org", "*.s.example.org"}),
                             site("bob.example.org", "/home/bob"),
                             site("main.example.org", "/var/www/html")};
    ScanOptions options_;
    std::vector<std::string> notes_;
    const TemporaryLedger ledger_;
};

TEST_F(AccountScanTest, PeopleHaveTheirUserTheirUidAndTheirSites) {
    EXPECT_THAT(apply(), SizeIs(10));
    EXPECT_THAT(bound(), UnorderedElementsAre(
                             "user alice -> alice", "uid 1000 -> alice", "user bob -> bob",
                             "uid 1001 -> bob", "domain shop.example.org -> alice",
                             "domain www.shop.example.org -> alice",
                             "domain *.s.example.org -> alice", "domain bob.example.org -> bob"));
    EXPECT_EQ(directory().accounts.at(0), (Account{"alice", "", "Alice A."}));
    EXPECT_THAT(directory().accounts, SizeIs(2)) << "system users are no people";
    EXPECT_THAT(notes_, IsEmpty());
    EXPECT_THAT(apply(), IsEmpty()) << "again is no change";
    EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(AccountScanTest, ANewUserAndANewSiteAreAdded) {
    apply();
    users_.push_back({"carol", 1002, "Carol", "/home/carol", "/bin/sh"});
    sites_.push_back(site("carol.example.org", "/home/carol/www"));
    EXPECT_THAT(apply(), ElementsAre("+ account carol", "+ binding user carol to carol",
                                     "+ binding uid 1002 to carol",
                                     "+ binding domain carol.example.org to carol"));
}

TEST_F(AccountScanTest, WhatAPersonMadeStays) {
    EXPECT_TRUE(ledger_->apply(
        {.put_accounts = {{"science", "", ""}, {"alice", "science", "Professor A."}}}, noon));
    ledger_.bind("domain shop.example.org", "science");
    ledger_.bind("domain bob.example.org", "bob", {UtcTime::min(), noon});
    apply();
    const Directory now = directory();
    EXPECT_EQ(now.accounts.at(0), (Account{"alice", "science", "Professor A."}));
    EXPECT_THAT(bound(), Contains("domain shop.example.org -> science"));
    EXPECT_THAT(bound(), ::testing::Not(Contains("domain shop.example.org -> alice")));
    EXPECT_THAT(notes_,
                ElementsAre(HasSubstr("domain shop.example.org is bound to science, and stays so, "
                                      "though it belongs to the user alice; next: octroi bind "
                                      "--replace \"domain shop.example.org\" alice"),
                            HasSubstr("domain bob.example.org was bound to bob, is bound to nobody "
                                      "now, and stays so")));
    EXPECT_THAT(apply(), IsEmpty());
}

TEST_F(AccountScanTest, UsersThatAreGoneAreReportedAndStay) {
    apply();
    const std::vector<std::string> before = bound();
    std::erase_if(users_, [](const User& user) { return user.name == "bob"; });
    sites_.clear();
    EXPECT_THAT(apply(), IsEmpty());
    EXPECT_EQ(bound(), before);
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("uid 1001 is bound to bob, and no user of the system "
                                              "has it any more; next: octroi unbind uid 1001"),
                                    HasSubstr("next: octroi unbind user bob")));
}

// The uid of a user that is gone was given to another one.
TEST_F(AccountScanTest, AUidIsNotTakenFromItsAccount) {
    apply();
    users_[3].name = "dave";
    users_[3].home = "/home/dave";
    apply();
    EXPECT_THAT(bound(), Contains("user dave -> dave"));
    EXPECT_THAT(bound(), Contains("uid 1001 -> bob"));
    EXPECT_THAT(notes_, Contains(HasSubstr("uid 1001 is bound to bob, and stays so")));
}

TEST_F(AccountScanTest, OptionsChooseTheUsers) {
    options_.logins_only = true;
    options_.parent = "hosting";
    EXPECT_TRUE(ledger_->apply({.put_accounts = {{"hosting", "", ""}}}, noon));
    apply();
    EXPECT_EQ(directory().accounts.at(0), (Account{"alice", "hosting", "Alice A."}));
    EXPECT_THAT(directory().accounts, SizeIs(2));
    options_ = {.uids = {33, 33}};
    apply();
    EXPECT_THAT(bound(), Contains("user www-data -> www-data"));
    EXPECT_THAT(bound(), ::testing::Not(Contains("domain main.example.org -> www-data")))
        << "/var/www is no home of one user";
}

TEST_F(AccountScanTest, SitesMayBeBesideTheHomes) {
    sites_ = {site("a.example.org", "/srv/www/alice/htdocs"), site("b.example.org", "/srv/www/eve"),
              site("c.example.org", "/data/web3/bob"), site("d.example.org", "/srv/www")};
    sites_.push_back(site("e.example.org", "/opt/app"));
    sites_.back().user = "bob";
    options_.folders = {"/srv/www/{user}", "/data/*/{user}"};
    apply();
    EXPECT_THAT(bound(), Contains("domain a.example.org -> alice"));
    EXPECT_THAT(bound(), Contains("domain c.example.org -> bob"));
    EXPECT_THAT(bound(), Contains("domain e.example.org -> bob")) << "its programs run as bob";
    EXPECT_THAT(bound(), SizeIs(7));
}

TEST_F(AccountScanTest, NamesOfNginxAreDomains) {
    sites_ = {site("*.a.example.org", "/home/alice", {".b.example.org", "~^x$", "192.0.2.1", ""})};
    apply();
    EXPECT_THAT(bound(), Contains("domain *.a.example.org -> alice"));
    EXPECT_THAT(bound(), Contains("domain b.example.org -> alice"));
    EXPECT_THAT(bound(), Contains("domain *.b.example.org -> alice"));
    EXPECT_THAT(bound(), SizeIs(7));
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("x.conf:3: the name ~^x$ of a site of alice is no "
                                              "domain")));
}

TEST_F(AccountScanTest, AWildcardOfATopLevelDomainIsNotBound) {
    sites_ = {site("a.example.org", "/home/alice", {"*.org", ".net", "*.example.com"})};
    apply();
    EXPECT_THAT(bound(), Contains("domain *.example.com -> alice"));
    EXPECT_THAT(bound(), ::testing::Not(Contains("domain *.org -> alice")));
    EXPECT_THAT(bound(), ::testing::Not(Contains("domain *.net -> alice")));
    EXPECT_THAT(notes_, Contains(HasSubstr("x.conf:3: the name *.org of a site of alice covers a "
                                           "top-level domain")));
    EXPECT_THAT(notes_, Contains(HasSubstr("the name .net of a site of alice covers")));
}

TEST_F(AccountScanTest, ADomainOfTwoPeopleIsOfTheFirst) {
    sites_ = {site("x.example.org", "/home/alice/a"), site("x.example.org", "/home/bob/b"),
              site("x.example.org", "/home/alice/tls")};
    apply();
    EXPECT_THAT(bound(), Contains("domain x.example.org -> alice"));
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("domain x.example.org is of alice and of bob")));
    users_.push_back({"twin", 1003, "", "/home/alice", "/bin/sh"});
    users_.push_back({"two words", 1004, "", "/home/two", "/bin/sh"});
    apply();
    EXPECT_THAT(notes_, Contains(HasSubstr("/home/alice is the home of alice and of twin")));
    EXPECT_THAT(notes_, Contains(HasSubstr("user two words is left out")));
}

TEST(AccountScan, FoldersNameTheUser) {
    EXPECT_TRUE(check_scan_folder("/srv/www/{user}"));
    EXPECT_TRUE(check_scan_folder("/srv/*/{user}/web"));
    for (const char* wrong : {"", "srv/{user}", "/srv/www", "/srv/{user}/{user}", "/srv/x{user}"})
        EXPECT_FALSE(check_scan_folder(wrong)) << wrong;
}

}  // namespace
}  // namespace octroi
