// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/rule_text.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

constexpr std::string_view sample =
    "# mine\n[ledger]\n\n[[rule]]\nname = \"a\"  # first\n\n# about b\n[[rule]]\nname = "
    "\"b\"\nport "
    "= [\n\"80\"]\n\n[log]\n";

TEST(RuleText, MakesATable) {
    const auto text =
        rule_text("web", std::vector<std::string>{"protocol=tcp", "port=80,443", "interface=ppp0",
                                                  "per_address=true"});
    ASSERT_TRUE(text.has_value()) << text.error().text;
    EXPECT_EQ(*text,
              "[[rule]]\nname = \"web\"\nprotocol = [\"tcp\"]\nport = [\"80\", \"443\"]\n"
              "interface = \"ppp0\"\nper_address = true\n");
}

TEST(RuleText, RefusesOtherKeys) {
    EXPECT_FALSE(rule_text("web", std::vector<std::string>{"prot=tcp"}).has_value());
    EXPECT_FALSE(rule_text("web", std::vector<std::string>{"protocol"}).has_value());
    EXPECT_FALSE(rule_text("web", std::vector<std::string>{"interface=a\nb"}).has_value());
    EXPECT_FALSE(rule_text("web", std::vector<std::string>{"fragments=true\n[log]"}).has_value());
    EXPECT_FALSE(rule_text({.name = "web", .from = {"10.0.0.1\x01"}}).has_value());
    EXPECT_NE(rule_text("a\"b", {}).value().find("\"a\\\"b\""), std::string::npos);
}

TEST(RuleText, InsertsAndRemoves) {
    EXPECT_EQ(
        with_rule(sample, "[[rule]]\nname = \"x\"\n", 8),
        "# mine\n[ledger]\n\n[[rule]]\nname = \"a\"  # first\n\n# about b\n\n[[rule]]\nname = "
        "\"x\"\n\n[[rule]]\nname = \"b\"\nport = [\n\"80\"]\n\n[log]\n");
    EXPECT_EQ(
        without_rule(sample, 4),
        "# mine\n[ledger]\n\n# about b\n[[rule]]\nname = \"b\"\nport = [\n\"80\"]\n\n[log]\n");
    EXPECT_EQ(without_rule(sample, 8),
              "# mine\n[ledger]\n\n[[rule]]\nname = \"a\"  # first\n\n# about b\n[log]\n");
    const std::string added = with_rule("[ledger]\n", "[[rule]]\nname = \"x\"\n", 0);
    EXPECT_EQ(added, "[ledger]\n\n[[rule]]\nname = \"x\"\n");
    EXPECT_EQ(without_rule(added, 3), "[ledger]\n\n");
    EXPECT_EQ(without_rule("[[rule]]\nname = \"x\"", 1), "");
}

}  // namespace
}  // namespace octroi
