// SPDX-License-Identifier: GPL-3.0-or-later
// One datagram with the address of an honest exporter, from another port, changes nothing of what
// the honest one reports afterwards. Each exporter has an attack of its own.

#include "attack.hpp"

namespace octroi::hostile {
namespace {

using namespace ipfix::testing;

constexpr std::uint64_t record_bytes = 1000;
constexpr std::uint32_t rate = 100;
constexpr std::uint32_t records_of_a_message = 5;

const OptionsSpec sampling{257, {{149, 4}}, {{305, 4}, {306, 4}}};

std::string states_rate(std::uint32_t stated) {
    return data(257, values().u32(0).u32(1).u32(stated - 1));
}

// Sends sampled flows of one host, with the numbers that IPFIX wants.
class HonestExporter {
public:
    HonestExporter(const RunningDaemon& daemon, std::uint32_t host)
        : socket_(daemon.socket().descriptor(), loopback(host), daemon.socket().port()),
          host_(host) {
        send({templates({{256, flow_fields}}), options_template(sampling), states_rate(rate)}, 1);
    }
    void report(int messages) {
        for (int i = 0; i < messages; ++i)
            send({data(256, repeated(flow_of(host_, record_bytes), records_of_a_message))},
                 records_of_a_message);
        reported_ += static_cast<std::uint64_t>(messages) * records_of_a_message;
    }
    [[nodiscard]] std::uint32_t next_number() const { return next_; }
    [[nodiscard]] std::uint64_t reported_bytes() const { return reported_ * record_bytes * rate; }

private:
    void send(std::initializer_list<std::string> sets, std::uint32_t records) {
        EXPECT_TRUE(socket_.send(message(sets, next_)));
        next_ += records;
    }
    PacedSender socket_;
    std::uint32_t host_;
    std::uint32_t next_ = 0;
    std::uint64_t reported_ = 0;
};

struct Forgery {
    const char* name;
    // The datagrams, by the number that the honest exporter sends next.
    std::vector<std::string> (*make)(std::uint32_t next);
};

const Fields exchanged_fields = [] {
    Fields fields = flow_fields;
    std::swap(fields[0], fields[1]);
    return fields;
}();

// Flows of other hosts: what a forger reports itself is not the question.
std::string foreign_flow(std::uint64_t bytes) { return flow_of(250, bytes); }

const std::vector<Forgery> forgeries{
    {"an empty message with number 0", [](auto) { return std::vector{message({}, 0)}; }},
    {"a rate of 1,000,000",
     [](auto next) { return std::vector{message({states_rate(1'000'000)}, next)}; }},
    {"a rate of 4,000,000,000",
     [](auto next) { return std::vector{message({states_rate(4'000'000'000)}, next)}; }},
    {"no sampling", [](auto next) { return std::vector{message({states_rate(1)}, next)}; }},
    {"the template in another order",
     [](auto next) { return std::vector{message({templates({{256, exchanged_fields}})}, next)}; }},
    {"a withdrawal of the template",
     [](auto next) { return std::vector{message({withdrawal(256)}, next)}; }},
    {"a withdrawal of all templates",
     [](auto next) { return std::vector{message({withdrawal(2), withdrawal(3, 3)}, next)}; }},
    {"four records of 128 TiB",
     [](auto next) {
         return std::vector{message({templates({{300, flow_fields}}),
                                     data(300, repeated(foreign_flow(std::uint64_t{1} << 47U), 4))},
                                    next)};
     }},
    {"a number far ahead", [](auto next) { return std::vector{message({}, next + 60'000)}; }},
    {"numbers half of all ahead",
     [](auto next) {
         constexpr std::uint32_t half = (1U << 31U) - 1;
         return std::vector{message({}, next + half), message({}, next + half + 1),
                            message({}, next + half + 2)};
     }},
    {"the next number with other content",
     [](auto next) {
         return std::vector{message({data(256, repeated(foreign_flow(1), 5))}, next)};
     }},
    {"the options template again",
     [](auto next) { return std::vector{message({options_template(sampling)}, next)}; }},
};

TEST_F(Attack, OneForgedDatagramChangesNothingThatFollows) {
    RunningDaemon daemon(patient());
    constexpr std::uint32_t first_host = 10;
    std::vector<std::unique_ptr<HonestExporter>> exporters;
    for (std::uint32_t i = 0; i < forgeries.size(); ++i) {
        exporters.push_back(std::make_unique<HonestExporter>(daemon, first_host + i));
        exporters.back()->report(20);
        PacedSender forger(daemon.socket().descriptor(), loopback(first_host + i),
                           daemon.socket().port());
        for (const std::string& datagram : forgeries[i].make(exporters.back()->next_number()))
            ASSERT_TRUE(forger.send(datagram));
        exporters.back()->report(70);
    }
    ASSERT_EQ(daemon.stop().status, 0);
    auto figures = used(daemon, "identity");
    for (std::uint32_t i = 0; i < forgeries.size(); ++i)
        EXPECT_EQ(figures["10.0.0." + std::to_string(first_host + i)],
                  exporters[i]->reported_bytes())
            << forgeries[i].name;
}

// An exporter that states sampler 3 in domain 2, and sends flows with uptimes in domain 1. It
// started an hour ago.
class UptimeExporter {
public:
    UptimeExporter(const RunningDaemon& daemon, std::uint32_t host)
        : socket_(daemon.socket().descriptor(), loopback(host), daemon.socket().port()),
          host_(host),
          start_ms_((std::uint64_t{now_seconds()} - 3600) * 1000) {
        send(2, {options_template(sampler), sampler_is(rate)});
        send(1, {templates({{256, uptime_fields}}), options_template(started), starts(start_ms_)});
        next_ = 1;
    }
    static std::string sampler_is(std::uint32_t stated) {
        return data(257, values().u32(0).u8(3).u32(stated));
    }
    static std::string starts(std::uint64_t ms) { return data(258, values().u32(0).u64(ms)); }
    void report(int messages) {
        for (int i = 0; i < messages; ++i) {
            send(1, {data(256, flow())});
            ++next_;
        }
        reported_ += static_cast<std::uint64_t>(messages);
    }
    [[nodiscard]] std::uint32_t next_number() const { return next_; }
    [[nodiscard]] std::uint64_t reported_bytes() const { return reported_ * record_bytes * rate; }

    static const OptionsSpec sampler;
    static const OptionsSpec started;
    static const Fields uptime_fields;

private:
    [[nodiscard]] std::string flow() const {
        const auto uptime =
            static_cast<std::uint32_t>(std::uint64_t{now_seconds()} * 1000 - start_ms_);
        return values()
            .u32(0x0a000000U + host_)
            .u32(0xc0000201U)
            .u64(record_bytes)
            .u64(1)
            .u8(3)
            .u32(uptime - 1000)
            .u32(uptime);
    }
    void send(std::uint32_t domain, std::initializer_list<std::string> sets) {
        EXPECT_TRUE(socket_.send(ipfix_message(domain, sets, next_, now_seconds())));
    }
    PacedSender socket_;
    std::uint32_t host_;
    std::uint64_t start_ms_;
    std::uint32_t next_ = 0;
    std::uint64_t reported_ = 0;
};

const OptionsSpec UptimeExporter::sampler{257, {{149, 4}}, {{48, 1}, {34, 4}}};
const OptionsSpec UptimeExporter::started{258, {{149, 4}}, {{160, 8}}};
const Fields UptimeExporter::uptime_fields{{8, 4},  {12, 4}, {1, 8}, {2, 8},
                                           {48, 1}, {22, 4}, {21, 4}};

struct DomainForgery {
    const char* name;
    std::uint32_t domain;
    std::string sets;
};

TEST_F(Attack, OneForgedDatagramMovesNeitherTheStartNorTheRateOfAnotherDomain) {
    RunningDaemon daemon(patient());
    using Exporter = UptimeExporter;
    const std::uint64_t hours_ago = (std::uint64_t{now_seconds()} - 10 * 3600) * 1000;
    const std::vector<DomainForgery> all{
        {"a start 10 hours ago", 1,
         options_template(Exporter::started) + Exporter::starts(hours_ago)},
        {"the sampler in the domain of the flows", 1,
         options_template(Exporter::sampler) + Exporter::sampler_is(100'000)},
        {"the sampler in a third domain", 9,
         options_template(Exporter::sampler) + Exporter::sampler_is(50)},
    };
    constexpr std::uint32_t first_host = 60;
    std::vector<std::unique_ptr<UptimeExporter>> exporters;
    for (std::uint32_t i = 0; i < all.size(); ++i) {
        exporters.push_back(std::make_unique<UptimeExporter>(daemon, first_host + i));
        exporters.back()->report(200);
        PacedSender forger(daemon.socket().descriptor(), loopback(first_host + i),
                           daemon.socket().port());
        ASSERT_TRUE(forger.send(ipfix_message(all[i].domain, {all[i].sets},
                                              exporters.back()->next_number(), now_seconds())));
        exporters.back()->report(200);
    }
    ASSERT_EQ(daemon.stop().status, 0);
    const json recent = parsed(
        daemon.command({"--json", "usage", "--by", "identity", "--role", "all", "--since=-30m"}));
    auto figures = used(recent, "identity");
    for (std::uint32_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(figures["10.0.0." + std::to_string(first_host + i)],
                  exporters[i]->reported_bytes())
            << all[i].name;
}

}  // namespace
}  // namespace octroi::hostile
