// SPDX-License-Identifier: GPL-3.0-or-later
// Attribution: loading a full routing table, looking addresses up, the cost per reading and per
// batch.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <random>

#include "attribute/attributor.hpp"

namespace octroi {
namespace {

// About the size of a full table: 1 M IPv4 prefixes, mostly /24 to /20, and 200 k IPv6 prefixes,
// mostly /48 to /32.
std::vector<LpmEntry> full_table() {
    std::mt19937_64 random(1);
    std::vector<LpmEntry> entries;
    const auto value = [&] { return static_cast<std::uint32_t>(random() % 8); };
    for (int i = 0; i < 1'000'000; ++i) {
        const int length = random() % 10 < 6 ? 24 : 16 + static_cast<int>(random() % 9);
        const auto address = static_cast<std::uint32_t>(0x01000000U + random() % 0xDE000000U);
        entries.push_back({Prefix::of(Address::v4(address), length), value()});
    }
    for (int i = 0; i < 200'000; ++i) {
        std::array<std::uint8_t, 16> octets{};
        for (std::size_t o = 1; o < 6; ++o) octets[o] = static_cast<std::uint8_t>(random() >> 9U);
        octets[0] = 0x20 | static_cast<std::uint8_t>(random() % 16);
        octets[2] = static_cast<std::uint8_t>(octets[2] % 32);
        const int length = random() % 2 == 0 ? 48 : 29 + static_cast<int>(random() % 20);
        entries.push_back({Prefix::of(Address::v6(octets.data()), length), value()});
    }
    return entries;
}

const std::vector<LpmEntry>& table_entries() {
    static const std::vector<LpmEntry> entries = full_table();
    return entries;
}

ClassTable class_table() {
    ClassTable table;
    table.default_class = "rest";
    table.classes = {"a", "b", "c", "d", "e", "f", "g", "h"};
    std::vector<LpmEntry> entries = table_entries();
    std::ranges::stable_sort(entries, {}, &LpmEntry::prefix);
    for (const LpmEntry& entry : entries) {
        if (!table.routes.empty() && table.routes.back().prefix == entry.prefix) continue;
        table.routes.push_back({entry.prefix, static_cast<std::uint16_t>(entry.value)});
    }
    return table;
}

std::vector<Address> addresses(bool v6) {
    std::mt19937_64 random(2);
    std::vector<Address> list;
    for (int i = 0; i < 1'000'000; ++i) {
        const std::size_t at = v6 ? 1'000'000 + random() % 200'000 : random() % 1'000'000;
        Address address = table_entries()[at].prefix.address;
        address.octets[v6 ? 15 : 3] = static_cast<std::uint8_t>(random());
        list.push_back(address);
    }
    return list;
}

void lpm_build(benchmark::State& state) {
    std::size_t memory = 0;
    for (auto _ : state) {
        const Lpm lpm(table_entries());
        memory = lpm.memory();
        benchmark::DoNotOptimize(memory);
    }
    state.counters["MB"] = static_cast<double>(memory) / 1e6;
    state.counters["prefixes"] = static_cast<double>(table_entries().size());
}
BENCHMARK(lpm_build)->Unit(benchmark::kMillisecond);

void class_table_version_of_full_table(benchmark::State& state) {
    const ClassTable table = class_table();
    for (auto _ : state) benchmark::DoNotOptimize(class_table_version(table));
}
BENCHMARK(class_table_version_of_full_table)->Unit(benchmark::kMillisecond);

void lpm_find(benchmark::State& state) {
    static const Lpm lpm(table_entries());
    const std::vector<Address> list = addresses(state.range(0) == 6);
    std::size_t at = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(lpm.find(list[at]));
        if (++at == list.size()) at = 0;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(lpm_find)->Arg(4)->Arg(6);

Directory directory(std::size_t bindings) {
    Directory directory;
    directory.networks = {{"10.0.0.0/8", true}};
    for (std::uint32_t i = 0; i < bindings; ++i) {
        const std::uint32_t net = 0x0A000000U + (i << 8U);
        directory.bindings.push_back(
            {i + 1,
             {IdentityKind::prefix, to_string(Prefix::of(Address::v4(net), 24))},
             "account-" + std::to_string(i % 5000),
             {},
             false});
    }
    return directory;
}

void directory_compile(benchmark::State& state) {
    const Directory many = directory(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(CompiledDirectory(many));
}
BENCHMARK(directory_compile)->Arg(100'000)->Unit(benchmark::kMillisecond);

// `count` flows between 10.0.0.0/8 and other addresses, as a flow table hands them over.
std::vector<Reading> flows(std::size_t count) {
    std::mt19937_64 random(3);
    const std::vector<Address> world = addresses(false);
    std::vector<Reading> list(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        Reading& r = list[i];
        const Address home =
            Address::v4(0x0A000000U + static_cast<std::uint32_t>(random() % (64U << 8U)));
        const Address far = world[random() % world.size()];
        const bool in = random() % 2 == 0;
        r.src = in ? far : home;
        r.dst = in ? home : far;
        r.proto = random() % 4 == 0 ? 17 : 6;
        r.sport = in ? 443 : static_cast<std::uint16_t>(32'768 + random() % 28'000);
        r.dport = in ? static_cast<std::uint16_t>(32'768 + random() % 28'000) : 443;
        r.first = {1'700'000'100'000'000'000 +
                   static_cast<std::int64_t>(random() % 100'000'000'000U)};
        r.last = {r.first.ns + 1000};
        r.bytes = 1000;
        r.packets = 2;
        r.flows = 1;
        r.flow_slot = i + 1;
    }
    return list;
}

Attributor make_attributor(std::size_t bindings) {
    static const auto classes = std::make_shared<const CompiledClasses>(class_table());
    return {std::make_shared<const CompiledDirectory>(directory(bindings)), classes,
            std::make_shared<const CompiledServices>(), 99};
}

void accept(benchmark::State& state, bool fresh) {
    const auto count = static_cast<std::size_t>(state.range(0));
    std::vector<Reading> list = flows(count);
    Attributor attributor = make_attributor(static_cast<std::size_t>(state.range(1)));
    attributor.accept(list);
    for (Reading& r : list) r.fresh = fresh;
    for (auto _ : state) {
        for (std::size_t at = 0; at < count; at += 256) {
            attributor.accept(std::span(list).subspan(at, std::min<std::size_t>(256, count - at)));
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.counters["rows"] = static_cast<double>(attributor.rows());
}
void reading_fresh(benchmark::State& state) { accept(state, true); }
void reading_remembered(benchmark::State& state) { accept(state, false); }
// Arguments: flows; bindings, of a /24 each (0: every address of 10.0.0.0/8 gets its own row).
BENCHMARK(reading_fresh)
    ->Args({100'000, 64})
    ->Args({100'000, 0})
    ->Args({2'000'000, 64})
    ->Args({2'000'000, 0});
BENCHMARK(reading_remembered)
    ->Args({100'000, 64})
    ->Args({100'000, 0})
    ->Args({2'000'000, 64})
    ->Args({2'000'000, 0});

void make_batch(benchmark::State& state) {
    const std::vector<Reading> list = flows(2'000'000);
    Attributor attributor = make_attributor(0);
    for (auto _ : state) {
        state.PauseTiming();
        attributor.accept(list);
        state.ResumeTiming();
        const Attributed made = attributor.make_attributed();
        state.counters["transfers"] = static_cast<double>(made.transfers.size());
    }
}
BENCHMARK(make_batch)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace octroi
