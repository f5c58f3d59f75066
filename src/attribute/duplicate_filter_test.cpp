// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/duplicate_filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "attribute/attributor.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t start = 1'700'000'100'000'000'000;  // the start of a bucket
static_assert(start % bucket_length.ns == 0);
constexpr UtcTime since{start + bucket_length.ns};

DuplicateTraffic of_server(Interval times = {}) {
    return {.ends = {*parse_prefix("10.1.0.0/16"), *parse_prefix("10.1.0.10")},
            .services = {"http", "https"},
            .times = times};
}

class DuplicatesOfAMeter : public ::testing::Test {
protected:
    DuplicatesOfAMeter() {
        Directory directory;
        directory.networks = {{"10.0.0.0/8", true}};
        attributor_.emplace(std::make_shared<const CompiledDirectory>(directory),
                            std::make_shared<const CompiledClasses>(),
                            std::make_shared<const CompiledServices>(), 1);
    }
    static Reading reading(const char* src, const char* dst, std::uint16_t port = 80,
                           std::int64_t at = start) {
        Reading r;
        r.first = r.last = {at};
        r.bytes = 100;
        r.packets = 2;
        r.flows = 1;
        r.proto = 6;
        r.sport = 50'000;
        r.dport = port;
        r.src = *parse_address(src);
        r.dst = *parse_address(dst);
        return r;
    }
    void accept(const Reading& r) { attributor_->accept({&r, 1}); }
    // "bucket from(identity) > to(identity) bytes"
    std::vector<std::string> rows() {
        const Attributed made = attributor_->make_attributed();
        const auto show = [](const Party& p) {
            return p.identity.empty() ? to_string(p) : to_string(p) + "(" + p.identity + ")";
        };
        std::vector<std::string> texts;
        for (const Transfer& t : made.transfers)
            texts.push_back(fmt::format("{} {} > {} {}", (t.bucket.ns - start) / bucket_length.ns,
                                        show(made.parties[t.from]), show(made.parties[t.to]),
                                        t.volume.bytes.value()));
        return texts;
    }

    std::optional<Attributor> attributor_;
};

TEST_F(DuplicatesOfAMeter, KeepTheAddressThatMakesThemDuplicates) {
    attributor_->set_duplicates({of_server()});
    accept(reading("8.8.8.8", "10.1.0.10"));
    accept(reading("10.1.0.10", "8.8.8.8", 443));
    accept(reading("10.1.0.11", "10.1.0.10"));
    EXPECT_THAT(rows(), UnorderedElementsAre(
                            "0 @excluded/duplicate > @excluded/duplicate(10.1.0.10) 100",
                            "0 @excluded/duplicate(10.1.0.10) > @excluded/duplicate 100",
                            "0 @excluded/duplicate(10.1.0.0/16) > @excluded/duplicate(10.1.0.10) "
                            "100"));
}

TEST_F(DuplicatesOfAMeter, AreThoseOfTheServicesAndAddressesOnly) {
    attributor_->set_duplicates({of_server()});
    accept(reading("8.8.8.8", "10.1.0.10", 22));
    accept(reading("8.8.8.8", "10.2.0.10", 80));
    EXPECT_THAT(rows(), ElementsAre("0 world > @unattributed(10.1.0.10) 100",
                                    "0 world > @unattributed(10.2.0.10) 100"));
}

TEST_F(DuplicatesOfAMeter, BeginAtTheirTime) {
    attributor_->set_duplicates({of_server({since, UtcTime::max()})});
    Reading over = reading("8.8.8.8", "10.1.0.10");
    over.first = {since.ns - 50};
    over.last = {since.ns + 49};
    accept(over);
    EXPECT_THAT(rows(), ElementsAre("0 world > @unattributed(10.1.0.10) 50",
                                    "1 @excluded/duplicate > @excluded/duplicate(10.1.0.10) 50"));
}

// A flow with a cached answer, over the time from which it is a duplicate.
TEST_F(DuplicatesOfAMeter, BeginWithinAFlow) {
    attributor_->set_duplicates({of_server({since, UtcTime::max()})});
    Reading flow = reading("8.8.8.8", "10.1.0.10");
    flow.flow_slot = 1;
    accept(flow);
    flow.fresh = false;
    accept(flow);
    flow.first = flow.last = since;
    accept(flow);
    EXPECT_THAT(rows(), ElementsAre("0 world > @unattributed(10.1.0.10) 200",
                                    "1 @excluded/duplicate > @excluded/duplicate(10.1.0.10) 100"));
}

TEST_F(DuplicatesOfAMeter, WithoutAddressesAreAllTraffic) {
    attributor_->set_duplicates({{.ends = {}, .services = {}, .times = {UtcTime::min(), since}}});
    accept(reading("8.8.8.8", "10.2.0.10", 22));
    accept(reading("8.8.8.8", "10.2.0.10", 22, since.ns));
    EXPECT_THAT(rows(), ElementsAre("0 @excluded/duplicate > @excluded/duplicate 100",
                                    "1 world > @unattributed(10.2.0.10) 100"));
}

TEST_F(DuplicatesOfAMeter, LeaveOtherReasonsAlone) {
    attributor_->set_duplicates({of_server()});
    Reading dropped = reading("8.8.8.8", "10.1.0.10");
    dropped.kind = ReadingKind::dropped;
    accept(dropped);
    EXPECT_THAT(rows(), ElementsAre("0 @excluded/dropped > @excluded/dropped 100"));
}

TEST_F(DuplicatesOfAMeter, OfCountedVolumesHaveTheNameOfTheAddress) {
    attributor_->set_duplicates({of_server()});
    attributor_->set_names(std::vector<Name>{{NameKind::prefix, "10.1.0.10/32", no_name},
                                             {NameKind::service, "https", no_name},
                                             {NameKind::service, "ssh", no_name}});
    CountedVolume volume;
    volume.first = volume.last = {start};
    volume.bytes = 70;
    volume.local = 1;
    volume.service = 2;
    attributor_->accept_counted({&volume, 1});
    volume.service = 3;
    attributor_->accept_counted({&volume, 1});
    EXPECT_THAT(rows(), ElementsAre("0 unknown > @unattributed(10.1.0.10) 70",
                                    "0 @excluded/duplicate > @excluded/duplicate(10.1.0.10) 70"));
}

// The numbers of services and parties change with the tables.
TEST_F(DuplicatesOfAMeter, StayDuplicatesWithOtherTables) {
    attributor_->set_duplicates({of_server()});
    Directory directory;
    directory.networks = {{"10.0.0.0/8", false}};
    directory.bindings = {{1, *parse_identity("10.1.0.10"), "shop", {}, false}};
    attributor_->replace(std::make_shared<const CompiledDirectory>(directory),
                         std::make_shared<const CompiledClasses>(),
                         std::make_shared<const CompiledServices>(*CompiledServices::compile(
                             {{"games", {"udp/1-100"}}, {"https", {"tcp/8443"}}})));
    accept(reading("8.8.8.8", "10.1.0.10", 8443));
    accept(reading("8.8.8.8", "10.1.0.10", 22));
    EXPECT_THAT(rows(), ElementsAre("0 world > shop(10.1.0.10) 100",
                                    "0 @excluded/duplicate > @excluded/duplicate(10.1.0.10) 100"));
}

}  // namespace
}  // namespace octroi
