// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/network_namespace.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace octroi {
namespace {

TEST(NetworkNamespaces, ThatOfThisProcessExistsAndIsNotLeft) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const auto own = network_namespace_cookie();
    if (!own) GTEST_SKIP() << own.error().text;
    const auto existing = existing_network_namespaces();
    EXPECT_TRUE(existing.contains(*own));
    EXPECT_FALSE(existing.contains(0xFFFFFFFFFFFFFFF0U));
    EXPECT_EQ(network_namespace_cookie().value_or(0), *own);
}

}  // namespace
}  // namespace octroi
