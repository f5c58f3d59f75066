// SPDX-License-Identifier: GPL-3.0-or-later
#include "packets.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"
#include "host/random.hpp"
#include "meter/capture/file_meter.hpp"
#include "packet_floor.hpp"
#include "packet_trace.hpp"
#include "service/metering.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "wire/packet/packet_fast.hpp"

namespace octroi::bench {
namespace {

struct Options {
    std::string directory = std::filesystem::temp_directory_path().string();
    std::vector<std::uint32_t> flows = {1'000, 100'000, 2'000'000};
    std::uint64_t packets = 10'000'000;
    std::uint64_t seed = 1;
    unsigned repeat = 5;
    std::string only;
    bool keep = false;
};

// The sums of a stage. They are compared with those of the trace: a fast but wrong stage fails.
struct Found {
    std::uint64_t packets = 0;
    std::uint64_t ip_bytes = 0;     // 0: not measured
    std::uint64_t frame_bytes = 0;  // 0: not measured
};

class SumSink final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override {
        for (const Reading& r : readings) {
            packets += r.packets;
            bytes += r.bytes;
        }
        count += readings.size();
    }
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t count = 0;
};

Result<Found> run_floor_a(const std::string& path) {
    TRY_ASSIGN(const FloorSums sums, floor_lengths(path));
    return Found{sums.packets, 0, sums.bytes};
}

Result<Found> run_floor_b(const std::string& path) {
    TRY_ASSIGN(const FloorSums sums, floor_flows(path));
    return Found{sums.packets, sums.bytes, 0};
}

template <typename Visit>
Status each_frame(const std::string& path, Visit visit) {
    TRY_ASSIGN(auto stream, file::Stream::open(path));
    pcap::Reader reader;
    std::size_t needed = 1;
    for (;;) {
        TRY(stream.fill(needed));
        const pcap::Progress progress = reader.read(stream.unread(), visit);
        stream.consume(progress.consumed);
        if (progress.consumed == 0 && stream.ended()) return {};
        needed = std::max(progress.needed, stream.unread().size() + 1);
    }
}

Result<Found> run_read(const std::string& path) {
    Found found;
    TRY(each_frame(path, [&](const pcap::Frame& frame) {
        ++found.packets;
        found.frame_bytes += frame.wire_length;
    }));
    return found;
}

Result<Found> run_decode(const std::string& path) {
    Found found;
    packet::Packet p;
    TRY(each_frame(path, [&](const pcap::Frame& frame) {
        packet::decode_ethernet(frame.captured(), frame.wire_length, p);
        ++found.packets;
        found.ip_bytes += p.bytes;
        found.frame_bytes += frame.wire_length;
    }));
    return found;
}

Result<Found> run_meter(const std::string& path, std::uint64_t checkpoint_packets) {
    capture::FileMeterOptions options;
    options.checkpoint_packets = checkpoint_packets;
    options.seed = random_seed();
    TRY_ASSIGN(const auto meter, capture::FileMeter::open(path, options, {}));
    SumSink sink;
    for (;;) {
        TRY_ASSIGN(const Pull pull, meter->pull(sink, Duration::milliseconds(100)));
        if (pull == Pull::more || pull == Pull::idle) continue;
        TRY_ASSIGN(const Checkpoint checkpoint, meter->checkpoint(sink));
        if (pull == Pull::end) break;
    }
    if (sink.bytes != meter->totals().bytes() || sink.packets != meter->totals().frames)
        return fail(ErrorCode::failed, "the sum of the readings differs from the observed volume");
    return Found{sink.packets, sink.bytes, meter->totals().frame_bytes};
}

Result<Found> run_table(const std::string& path) { return run_meter(path, 0); }
Result<Found> run_metered(const std::string& path) {
    return run_meter(path, capture::FileMeterOptions{}.checkpoint_packets);
}

// All steps of `octroi import packets`. Without a ledger: up to the batches.
Result<Found> run_metering(const std::string& path, Store* ledger) {
    capture::FileMeterOptions options;
    options.seed = random_seed();
    TRY_ASSIGN(const auto meter, capture::FileMeter::open(path, options, {}));
    Directory directory;
    directory.networks = {{"10.0.0.0/8", true}, {"2001:db8:1::/48", true}};
    const AttributionTables tables{std::make_shared<const CompiledDirectory>(directory),
                                   std::make_shared<const CompiledClasses>(),
                                   std::make_shared<const CompiledServices>()};
    const SystemClock clock;
    Metering metering({"bench", "capture", MeterRole::bill}, *meter, tables, clock);
    Found found;
    for (bool ended = false; !ended;) {
        TRY_ASSIGN(const Pull pull, metering.pull(Duration::milliseconds(100)));
        ended = pull == Pull::end;
        if (!ended && pull != Pull::checkpoint) continue;
        TRY_ASSIGN(const Batch batch, metering.make_batch());
        for (const Transfer& transfer : batch.transfers) {
            found.packets += transfer.volume.packets.value();
            found.ip_bytes += transfer.volume.bytes.value();
        }
        if (ledger == nullptr) continue;
        TRY_ASSIGN([[maybe_unused]] const CommitOutcome done, ledger->commit(batch));
    }
    return found;
}

Result<Found> run_attribute(const std::string& path) { return run_metering(path, nullptr); }

Result<Found> run_import(const std::string& path) {
    const std::string folder = fmt::format("{}.ledger.{}", path, ::getpid());
    TRY_ASSIGN(auto ledger, SqliteLedger::open(folder + "/ledger.db", {.mode = OpenMode::create}));
    auto found = run_metering(path, ledger.get());
    ledger.reset();
    std::filesystem::remove_all(folder);
    return found;
}

struct Stage {
    std::string_view name;
    std::string_view what;
    Result<Found> (*run)(const std::string& path);
};

// Each stage includes those above it. The first two are the floors (a) and (b).
constexpr std::array<Stage, 8> stages = {{
    {"floor-a", "read blocks, sum lengths", run_floor_a},
    {"floor-b", "read, minimal parse, 5-tuple table", run_floor_b},
    {"read", "capture reader", run_read},
    {"decode", "+ packet decoder", run_decode},
    {"table", "+ flow table, readings at the end", run_table},
    {"meter", "+ checkpoints as an import has them", run_metered},
    {"attribute", "+ attribution, batches", run_attribute},
    {"import", "+ commits into a ledger: the whole import", run_import},
}};

// CPU time of this thread: other processes on the core do not count.
double cpu_seconds() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Runs a stage in a process of its own, so that no stage uses memory that another one has warmed
// up. Returns the time and the highest resident size; a time below 0: it failed and printed why.
struct Measured {
    double seconds = -1;
    long resident_kib = 0;
};

Measured measure(const Stage& stage, const std::string& path, const TraceSums& truth) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) return {};
    const pid_t child = ::fork();
    if (child == 0) {
        Measured m;
        const double begin = cpu_seconds();
        const auto found = stage.run(path);
        m.seconds = cpu_seconds() - begin;
        const bool right = found.has_value() && found->packets == truth.packets &&
                           (found->ip_bytes == 0 || found->ip_bytes == truth.ip_bytes) &&
                           (found->frame_bytes == 0 || found->frame_bytes == truth.frame_bytes);
        if (!right) {
            fmt::print(stderr, "octroi_bench: {}: {}\n", stage.name,
                       found.has_value() ? "wrong sums" : found.error().text);
            m.seconds = -1;
        }
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        m.resident_kib = usage.ru_maxrss;
        const bool written = ::write(pipe[1], &m, sizeof m) == sizeof m;
        ::_exit(written ? 0 : 1);
    }
    ::close(pipe[1]);
    Measured m;
    if (child < 0 || ::read(pipe[0], &m, sizeof m) != sizeof m) m = {};
    ::close(pipe[0]);
    if (child > 0) ::waitpid(child, nullptr, 0);
    return m;
}

bool measure_trace(const Options& options, std::uint32_t flows) {
    const std::string path = fmt::format("{}/octroi-bench-{}-{}-{}.pcap", options.directory,
                                         options.packets, flows, options.seed);
    const auto sums = make_trace(path, {options.packets, flows, 96, options.seed});
    if (!sums.has_value()) {
        fmt::print(stderr, "octroi_bench: {}\n", sums.error().text);
        return false;
    }
    std::array<Measured, stages.size()> best{};
    bool good = true;
    for (unsigned i = 0; i < options.repeat; ++i) {
        for (std::size_t s = 0; s < stages.size() && good; ++s) {
            if (s > 1 && !options.only.empty() && stages[s].name != options.only) continue;
            const Measured m = measure(stages[s], path, *sums);
            good = m.seconds > 0;
            if (best[s].seconds < 0 || m.seconds < best[s].seconds) best[s] = m;
        }
    }
    if (!options.keep) std::filesystem::remove(path);
    if (!good) return false;
    fmt::print("\n{} packets, {} flows\n", options.packets, flows);
    fmt::print("{:<10} {:>10} {:>8} {:>8} {:>8}  {}\n", "stage", "Mpackets/s", "/ (a)", "/ (b)",
               "MiB", "");
    const auto rate = [&](const Measured& m) {
        return static_cast<double>(options.packets) / m.seconds * 1e-6;
    };
    for (std::size_t s = 0; s < stages.size(); ++s) {
        if (best[s].seconds < 0) continue;
        fmt::print("{:<10} {:>10.1f} {:>8.2f} {:>8.2f} {:>8}  {}\n", stages[s].name, rate(best[s]),
                   best[0].seconds / best[s].seconds, best[1].seconds / best[s].seconds,
                   best[s].resident_kib / 1024, stages[s].what);
    }
    std::fflush(stdout);
    return true;
}

bool parse(std::span<const char* const> arguments, Options& options) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        if (name == "--keep") {
            options.keep = true;
            continue;
        }
        if (i + 1 == arguments.size()) return false;
        const std::string_view value = arguments[++i];
        if (name == "--directory") {
            options.directory = value;
        } else if (name == "--flows") {
            options.flows.assign(1, 0);
            if (!number(value, options.flows.front())) return false;
        } else if (name == "--packets") {
            if (!number(value, options.packets)) return false;
        } else if (name == "--seed") {
            if (!number(value, options.seed)) return false;
        } else if (name == "--repeat") {
            if (!number(value, options.repeat)) return false;
        } else if (name == "--only") {
            options.only = value;
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace

int packets(std::span<const char* const> arguments) {
    Options options;
    if (!parse(arguments, options)) {
        fmt::print(stderr,
                   "usage: octroi_bench packets [--directory DIR] [--flows N] [--packets N] "
                   "[--seed N] [--repeat N] [--only STAGE] [--keep]\n");
        return 2;
    }
    fmt::print("CPU time of one core, best of {}; each stage in a process of its own\n",
               options.repeat);
    for (const std::uint32_t flows : options.flows)
        if (!measure_trace(options, flows)) return 1;
    return 0;
}

}  // namespace octroi::bench
