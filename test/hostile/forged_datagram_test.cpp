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
    {"the options template again, and a start of the exporter",
     [](auto next) {
         const OptionsSpec start{258, {{149, 4}}, {{160, 8}}};
         return std::vector{message({options_template(sampling), options_template(start),
                                     data(258, values().u32(0).u64(1))},
                                    next)};
     }},
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

}  // namespace
}  // namespace octroi::hostile
