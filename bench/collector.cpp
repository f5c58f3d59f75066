// SPDX-License-Identifier: GPL-3.0-or-later
// The cost of the collector per million records, compared with the floor: only receive and count.
#include "collector.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <optional>

#include "arguments.hpp"
#include "flow_messages.hpp"
#include "host/interfaces.hpp"
#include "host/memory.hpp"
#include "host/random.hpp"
#include "meter/collector/live_collector.hpp"
#include "meter/normalize/flow_identity.hpp"
#include "peers.hpp"
#include "received.hpp"
#include "sender.hpp"
#include "service/counter_board.hpp"
#include "service/daemon.hpp"
#include "service/metering.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "wire/exporter/exporters.hpp"

namespace octroi::bench {
namespace {

struct Options {
    std::string directory = std::filesystem::temp_directory_path().string();
    std::uint32_t flows = 1'000'000;
    unsigned seconds = 5;
    std::string only;   // measure only this format
    std::string stage;  // measure only this stage and the floor
    double rate = 2e6;  // records a second of the sender, for stages on the loopback interface
    std::uint32_t hosts = 0;                              // local ones; 0: a fiftieth of the flows
    std::size_t buffer_octets = std::size_t{256} << 20U;  // of the socket
    bool pinned = false;
    std::vector<CollectorProgram> builds;  // of octroi, beside the installed programs
    bool search = true;
};

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t bucket_seconds = bucket_length.ns / 1'000'000'000;

// CPU time of all threads of this process.
double cpu_seconds() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// ---- in memory

class Discard final : public flow::RecordSink {
public:
    void records(const flow::MessageContext& /*context*/,
                 std::span<const flow::FlowRecord> records) override {
        for (const auto& record : records) bytes += record.bytes;
        count += records.size();
    }
    void gap(const flow::MessageContext& /*context*/, const flow::SequenceGap& /*gap*/) override {}
    std::uint64_t bytes = 0;
    std::uint64_t count = 0;
};

// The work of a collector that aggregates by 5-tuple.
class ByFlow final : public flow::RecordSink {
public:
    explicit ByFlow(std::uint32_t flows) { sums_.reserve(flows); }
    void records(const flow::MessageContext& /*context*/,
                 std::span<const flow::FlowRecord> records) override {
        for (const auto& record : records) {
            auto& sum = sums_[normalize::identity_of(record)];
            sum.bytes += record.bytes;
            sum.packets += record.packets;
            bytes += record.bytes;
        }
        count += records.size();
    }
    void gap(const flow::MessageContext& /*context*/, const flow::SequenceGap& /*gap*/) override {}
    std::uint64_t bytes = 0;
    std::uint64_t count = 0;

private:
    struct Sum {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
    };
    boost::unordered_flat_map<normalize::FlowIdentity, Sum, normalize::FlowIdentityHash> sums_;
};

AttributionTables tables() {
    Directory directory;
    directory.networks = {{"10.0.0.0/8", true}};
    return {std::make_shared<const CompiledDirectory>(directory),
            std::make_shared<const CompiledClasses>(), std::make_shared<const CompiledServices>()};
}

// Each message `rounds` times, through `take`. CPU seconds per million records; nothing: wrong.
double in_memory(ExportMessages& messages, unsigned rounds,
                 const std::function<void(const exporter::Datagram&)>& take) {
    const Address from = Address::v4(0x7f000001U);
    const UtcTime now = UtcTime::from_seconds(messages.now_s);
    if (!messages.first.empty()) take({as_octets(messages.first), from, now});
    std::uint32_t sequence = messages.format.sequence_by;
    const double begin = cpu_seconds();
    for (unsigned round = 0; round < rounds; ++round) {
        for (std::string& message : messages.messages) {
            messages.set_sequence(message, sequence);
            sequence += messages.format.sequence_by;
            take({as_octets(message), from, now});
        }
    }
    return (cpu_seconds() - begin) / (static_cast<double>(messages.records) * rounds) * 1e6;
}

double decode_only(ExportMessages& messages, unsigned rounds) {
    exporter::Exporters exporters({.seed = 1, .wanted = normalize::wanted_fields});
    Discard sink;
    const double cost = in_memory(messages, rounds, [&](const exporter::Datagram& datagram) {
        static_cast<void>(exporters.decode(datagram, sink));
    });
    return sink.bytes == messages.bytes * rounds ? cost : -1;
}

double decode_and_sum_flows(ExportMessages& messages, unsigned rounds, std::uint32_t flows) {
    exporter::Exporters exporters({.seed = 1, .wanted = normalize::wanted_fields});
    ByFlow sink(flows);
    const double cost = in_memory(messages, rounds, [&](const exporter::Datagram& datagram) {
        static_cast<void>(exporters.decode(datagram, sink));
    });
    return sink.bytes == messages.bytes * rounds ? cost : -1;
}

double decode_and_attribute(ExportMessages& messages, unsigned rounds) {
    exporter::Exporters exporters({.seed = 1, .wanted = normalize::wanted_fields});
    normalize::FlowNormalizer maker({}, 1);
    const AttributionTables with = tables();
    Attributor attributor(with.directory, with.classes, with.services, 1, huge_page_resource());
    attributor.reserve();
    maker.set_sink(&attributor);
    const double cost = in_memory(messages, rounds, [&](const exporter::Datagram& datagram) {
        static_cast<void>(exporters.decode(datagram, maker));
    });
    maker.flush();
    return attributor.make_attributed().volume.bytes.value() == messages.bytes * rounds ? cost : -1;
}

// ---- over the loopback

std::unique_ptr<UdpSource> listen() {
    auto source = UdpSource::open(
        {.address = Address::v4(0x7f000001U), .port = 0, .buffer_octets = 256U << 20U});
    if (!source) fmt::print(stderr, "octroi_bench: {}\n", source.error().text);
    return source ? std::move(*source) : nullptr;
}

// The floor: recvmmsg() and count.
Received receive_and_count(const ExportMessages& messages, const Options& options, double rate) {
    const auto source = listen();
    if (!source) return {};
    Sender sender(messages, source->port(), rate, options.seconds);
    std::vector<DatagramHeader> headers(datagram_batch);
    std::vector<DatagramOrigin> origins(datagram_batch);
    std::vector<std::byte> data(datagram_batch * 2048);
    std::vector<std::byte> rest(datagram_batch * overflow_stride);
    std::uint64_t datagrams = 0;
    const double begin = cpu_seconds();
    for (bool more = true; more;) {
        const auto got =
            source->receive({headers, origins.data(), data.data(), 2048, rest.data()}, {1});
        if (!got) return {};
        datagrams += *got;
        if (*got > 0) continue;
        const int descriptor = source->descriptor();
        more = !sender.done();
        wait_readable(std::span(&descriptor, 1), Duration::milliseconds(more ? 1 : 100));
        if (!more) {
            const auto last =
                source->receive({headers, origins.data(), data.data(), 2048, rest.data()}, {1});
            datagrams += last.value_or(0);
        }
    }
    const double used = cpu_seconds() - begin;
    const std::uint64_t records = datagrams * messages.format.records;
    return {used / static_cast<double>(records) * 1e6, source->dropped(),
            static_cast<double>(sender.records()) / sender.seconds(), 0};
}

// Sets a flag when the meter has nothing left to read.
class Watched final : public Meter {
public:
    Watched(std::unique_ptr<Meter> meter, std::atomic<bool>& idle)
        : meter_(std::move(meter)), idle_(idle) {}
    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override {
        const auto pulled = meter_->pull(sink, wait);
        idle_ = pulled && *pulled == Pull::idle;
        return pulled;
    }
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override {
        return meter_->checkpoint(sink);
    }
    void committed() override { meter_->committed(); }
    [[nodiscard]] const NameTable& names() const override { return meter_->names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return meter_->counters(); }

private:
    std::unique_ptr<Meter> meter_;
    std::atomic<bool>& idle_;
};

// The whole collector: journal, decoding, attribution, commits.
Received collect(const ExportMessages& messages, const Options& options, double rate) {
    const std::string folder =
        fmt::format("{}/octroi-bench-collector-{}", options.directory, ::getpid());
    std::filesystem::create_directories(folder);
    const SystemClock clock;
    Received result;
    auto ledger = SqliteLedger::open(folder + "/ledger.db", {.mode = OpenMode::create});
    auto source = listen();
    if (!ledger || !source) return {};
    collector::LiveCollectorOptions live;
    live.collector.folder = folder + "/journal";
    live.collector.journal.boot_id = boot_id().value_or("");
    live.collector.decoder.seed = random_seed();
    live.listen.udp = {{.buffer_octets = 256U << 20U}};
    std::vector<Fd> given;
    given.emplace_back(::dup(source->descriptor()));
    const std::uint64_t dropped_before = source->dropped();
    auto meter = collector::LiveCollector::open(live, std::move(given), {}, clock);
    if (!meter) return {};
    Directory directory;
    directory.networks = {{"10.0.0.0/8", true}};
    Config config;
    config.attribute.local = {*parse_prefix("10.0.0.0/8")};
    auto attribution = AttributionSource::create(config, **ledger, {});
    if (!attribution) return {};
    Sender sender(messages, source->port(), rate, options.seconds);
    Volume booked;
    std::atomic<bool> idle = false;
    std::optional<Clock::time_point> sent;
    Clock::time_point caught_up;
    DaemonOptions daemon{.commit_interval = Duration::seconds(60)};
    // Do not stop before the meter has read the whole journal.
    daemon.stop_requested = [&] {
        if (!sent && sender.done()) sent = Clock::now();
        if (!sent || !idle) return false;
        caught_up = Clock::now();
        return true;
    };
    daemon.committed = [&](const Batch& batch) { booked += batch.observed; };
    std::vector<DaemonMeter> meters;
    meters.push_back({{"bench", "collector", MeterRole::bill},
                      std::make_unique<Watched>(std::move(*meter), idle)});
    CounterBoard board;
    const double begin = cpu_seconds();
    const Status ran =
        Daemon(std::move(meters), **ledger, *attribution, board, clock, std::move(daemon)).run();
    const double used = cpu_seconds() - begin;
    const std::uint64_t records = booked.flows.value();
    result.dropped = source->dropped() - dropped_before;
    if (ran && records + result.dropped * messages.format.records == sender.records()) {
        result.seconds_per_million = used / static_cast<double>(records) * 1e6;
        result.rate = static_cast<double>(sender.records()) / sender.seconds();
        result.rest = std::chrono::duration<double>(caught_up - *sent).count() / sender.seconds();
    } else {
        fmt::print(stderr, "octroi_bench: {} of {} records booked, {} datagrams dropped{}\n",
                   records, sender.records(), result.dropped, ran ? "" : ": " + ran.error().text);
    }
    std::filesystem::remove_all(folder);
    return result;
}

// Runs the work in a process of its own.
template <typename Work>
auto in_own_process(const Work& work) {
    using Result = decltype(work());
    std::array<int, 2> pipe{};
    Result result{};
    if (::pipe(pipe.data()) != 0) return result;
    const pid_t child = ::fork();
    if (child == 0) {
        const Result made = work();
        const bool written = ::write(pipe[1], &made, sizeof made) == sizeof made;
        ::_exit(written ? 0 : 1);
    }
    ::close(pipe[1]);
    if (child < 0 || ::read(pipe[0], &result, sizeof result) != sizeof result) result = {};
    ::close(pipe[0]);
    if (child > 0) ::waitpid(child, nullptr, 0);
    return result;
}

// The highest rate without loss: no datagram was dropped, and after the end of the sender the
// receiver needed less than a tenth of the sender's time.
double highest_rate(const std::function<Received(double)>& receive) {
    constexpr double rest_max = 0.1;
    constexpr double reached = 0.95;
    double highest = 0;
    for (const double rate : {1e6, 1.5e6, 2e6, 2.5e6, 3e6, 4e6, 5e6, 6e6, 8e6, 10e6, 12e6}) {
        const Received got = in_own_process([&] { return receive(rate); });
        if (got.seconds_per_million < 0 || got.dropped > 0 || got.rest > rest_max) break;
        highest = std::max(highest, got.rate);
        if (got.rate < reached * rate) break;  // the sender cannot send faster
    }
    return highest;
}

void print(std::string_view format, std::string_view stage, double cost, double floor,
           std::string_view more = "") {
    fmt::print("{:<7} {:<12} {:>12.3f} {:>8.2f}  {}\n", format, stage, cost, cost / floor, more);
    std::fflush(stdout);
}

// Waits until the records of the next `seconds` are all in one bucket, and returns the time then.
std::uint32_t in_one_bucket(unsigned seconds) {
    for (;;) {
        const auto now = static_cast<std::uint32_t>(SystemClock().now().ns / 1'000'000'000);
        const std::uint32_t into = now % bucket_seconds;
        if (into > record_seconds && into + 4 * seconds < bucket_seconds) return now;
        wait_readable({}, Duration::seconds(1));
    }
}

std::string_view what_it_does(CollectorKind kind) {
    switch (kind) {
        case CollectorKind::stores:
            return "stores";
        case CollectorKind::aggregates:
            return "sums by address";
        case CollectorKind::octroi:
            return "the program: journal, attribution, ledger";
    }
    return "";
}

// The stages that receive datagrams. make: the same messages with a present time.
bool measure_over_loopback(ExportMessages& messages, const Options& options, double base,
                           const std::function<ExportMessages()>& make) {
    const std::string_view format = messages.format.name;
    const auto highest = [&](std::string_view who, const std::function<Received(double)>& receive) {
        if (!options.search) return;
        fmt::print("{:<7} {:<12} {:>12.1f} M records/s without loss\n", format, who,
                   highest_rate(receive) / 1e6);
        std::fflush(stdout);
    };
    bool good = true;
    if (options.stage.empty() || options.stage == "collector") {
        const auto run = [&](double rate) { return collect(messages, options, rate); };
        const Received all = in_own_process([&] { return run(options.rate); });
        print(format, "collector", all.seconds_per_million, base,
              fmt::format("loopback, journal, attribution, commits; {} datagrams dropped",
                          all.dropped));
        good = all.seconds_per_million > 0;
        highest("counting",
                [&](double rate) { return receive_and_count(messages, options, rate); });
        highest("collector", run);
    }
    if (!options.stage.empty() && options.stage != "programs") return good;
    std::vector<CollectorProgram> programs = installed_collectors(messages.format.kind);
    programs.insert(programs.end(), options.builds.begin(), options.builds.end());
    for (const CollectorProgram& program : programs) {
        messages = make();
        const auto run = [&](double rate) {
            return run_collector(program, messages,
                                 {rate, options.seconds, options.buffer_octets, options.pinned},
                                 options.directory);
        };
        const Received got = run(options.rate);
        print(format, program.name, got.seconds_per_million, base,
              fmt::format("{}; {} datagrams dropped", what_it_does(program.kind), got.dropped));
        highest(program.name, run);
    }
    return good;
}

bool measure(const ExportFormat& format, const Options& options) {
    const auto now_in_one_bucket = [&] { return in_one_bucket(options.seconds); };
    const auto make = [&](std::uint32_t now_s) {
        return make_messages(format, options.flows, 1, now_s, options.hosts);
    };
    const auto make_again = [&] { return make(now_in_one_bucket()); };
    ExportMessages messages = make_again();
    constexpr unsigned rounds = 5;
    const Received floor =
        in_own_process([&] { return receive_and_count(messages, options, options.rate); });
    if (floor.seconds_per_million <= 0) return false;
    const double base = floor.seconds_per_million;
    print(format.name, "floor", base, base, "recvmmsg and count");
    const auto in_memory = [&](std::string_view stage, std::string_view what, const auto& work) {
        if (options.stage.empty() || options.stage == stage)
            print(format.name, stage, in_own_process(work), base, what);
    };
    in_memory("decode", "in memory: datagrams to records",
              [&] { return decode_only(messages, rounds); });
    in_memory("flows", "+ sums by 5-tuple",
              [&] { return decode_and_sum_flows(messages, rounds, options.flows); });
    in_memory("attribute", "decode + readings, attribution: rows of the ledger",
              [&] { return decode_and_attribute(messages, rounds); });
    if (options.stage.empty() || options.stage == "spread") {
        const std::uint32_t begin = messages.now_s - messages.now_s % bucket_seconds;
        ExportMessages spread = make(begin + record_seconds / 2);
        in_memory("spread", "the same, with records that all cover two buckets",
                  [&] { return decode_and_attribute(spread, rounds); });
    }
    return measure_over_loopback(messages, options, base, make_again);
}

bool parse(std::span<const char* const> arguments, Options& options) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        if (name == "--no-search") {
            options.search = false;
            continue;
        }
        if (name == "--pinned") {
            options.pinned = true;
            continue;
        }
        if (i + 1 == arguments.size()) return false;
        const std::string_view value = arguments[++i];
        if (name == "--directory")
            options.directory = value;
        else if (name == "--build")
            options.builds.push_back({CollectorKind::octroi,
                                      std::string(value.substr(value.find('=') + 1)),
                                      std::string(value.substr(0, value.find('=')))});
        else if (name == "--only")
            options.only = value;
        else if (name == "--stage")
            options.stage = value;
        else if (name == "--flows"     ? !number(value, options.flows)
                 : name == "--seconds" ? !number(value, options.seconds)
                 : name == "--rate"    ? !number(value, options.rate)
                 : name == "--hosts"   ? !number(value, options.hosts)
                 : name == "--buffer"  ? !number(value, options.buffer_octets)
                                       : true)
            return false;
    }
    return true;
}

}  // namespace

int collector(std::span<const char* const> arguments) {
    Options options;
    if (!parse(arguments, options)) {
        fmt::print(
            stderr,
            "usage: octroi_bench collector [--only v5|v9|ipfix|sflow] [--stage STAGE] [--flows N] "
            "[--hosts N] [--seconds N] [--rate RECORDS] [--no-search] [--pinned] [--buffer OCTETS] "
            "[--build NAME=PATH]... [--directory DIR]\n");
        return 2;
    }
    fmt::print(
        "CPU seconds per million records, of the receiving process; {} flows, sender at {} "
        "M records/s\n{:<7} {:<12} {:>12} {:>8}\n",
        options.flows, options.rate / 1e6, "format", "stage", "s / M", "/ floor");
    for (const ExportFormat& format : export_formats) {
        if (!options.only.empty() && options.only != format.name) continue;
        if (!measure(format, options)) return 1;
    }
    return 0;
}

}  // namespace octroi::bench
