// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/kernel_tables.hpp"

#include <gtest/gtest.h>

#include "meter/ebpf/layout.h"
#include "meter/ebpf/testing/fake_maps.hpp"

namespace octroi::ebpf {
namespace {

std::uint32_t value_of(const PrefixList& list, const char* prefix) {
    for (const auto* values : {&list.v4, &list.v6})
        for (const PrefixValue& value : *values)
            if (value.prefix == *parse_prefix(prefix)) return value.value;
    return 0;
}

TEST(KernelTables, LocalPrefixesStateTheirLengthAndOwnAddresses) {
    const PrefixList list =
        local_prefixes({{*parse_prefix("10.0.0.0/8"), false},
                        {*parse_prefix("10.1.0.0/16"), true},
                        {*parse_prefix("10.1.2.0/24"), false},
                        {*parse_prefix("fd00::/8"), true}},
                       {*parse_address("10.9.9.9"), *parse_address("192.0.2.1")});
    EXPECT_EQ(value_of(list, "10.0.0.0/8"), 9U);
    EXPECT_EQ(value_of(list, "10.1.0.0/16"), 33U);
    EXPECT_EQ(value_of(list, "10.1.2.0/24"), 33U) << "within a network with an identity each";
    EXPECT_EQ(value_of(list, "fd00::/8"), 129U);
    EXPECT_EQ(value_of(list, "10.9.9.9/32"), OCTROI_OWN | 9U);
    EXPECT_EQ(value_of(list, "192.0.2.1/32"), OCTROI_OWN | 33U);
}

TEST(KernelTables, ClassesKeepTheirNumbersWhenTheTableChanges) {
    testing::FakeKernel kernel;
    testing::FakeMaps maps(kernel);
    auto labels = Labels::open(maps);
    ASSERT_TRUE(labels.has_value());
    ClassTable table;
    table.default_class = "rest";
    table.classes = {"b", "a"};
    table.routes = {{*parse_prefix("192.0.2.0/24"), 0}, {*parse_prefix("224.1.0.0/16"), 1}};
    const auto first = class_prefixes(&table, *labels);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(labels->text(static_cast<std::uint16_t>(value_of(*first, "192.0.2.0/24"))), "b");
    EXPECT_EQ(value_of(*first, "224.1.0.0/16"), 0U) << "multicast needs no table";
    auto later = Labels::open(maps);
    ASSERT_TRUE(later.has_value());
    table.classes = {"new", "b"};
    table.routes = {{*parse_prefix("192.0.2.0/24"), 1}};
    const auto second = class_prefixes(&table, *later);
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(value_of(*second, "192.0.2.0/24"), value_of(*first, "192.0.2.0/24"));
}

TEST(KernelTables, ServicesByPort) {
    testing::FakeKernel kernel;
    testing::FakeMaps maps(kernel);
    auto labels = Labels::open(maps);
    ASSERT_TRUE(labels.has_value());
    SourceServices services;
    services.names = {"web", "tcp", "other"};
    for (auto& ports : services.ports) ports.assign(65536, SourceServices::no_rank);
    services.of_rank = {0};
    services.ports[0][443] = 0;
    services.port_default = {1, 2, 2, 2, 2};
    const auto entries = service_entries(services, *labels);
    ASSERT_TRUE(entries.has_value());
    const auto label = [&](std::size_t port) {
        if (((*entries)[port / 32] >> (port % 32) & 1U) == 0) return std::string("none");
        const std::uint32_t page = (*entries)[OCTROI_OF_PORT + port / 256];
        const std::uint32_t entry =
            (page & OCTROI_CHILD) == 0
                ? page
                : (*entries)[OCTROI_SERVICES_FIRST + (page & ~OCTROI_CHILD) * 256 + port % 256];
        return labels->text(static_cast<std::uint16_t>(entry));
    };
    EXPECT_EQ(label(443), "web");
    EXPECT_EQ(label(444), "none");
    EXPECT_EQ(label(50000), "none");
    EXPECT_EQ(entries->size(), OCTROI_SERVICES_FIRST + 256U) << "one page has a name";
}

}  // namespace
}  // namespace octroi::ebpf
