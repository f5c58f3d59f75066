// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/count_maps.hpp"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host/ebpf/map_access.hpp"
#include "host/os_error.hpp"
#include "host/random.hpp"

namespace octroi {
namespace {

constexpr std::uint32_t batch_rows = 4096;
constexpr std::uint32_t tries_of_a_batch_max = 8;
constexpr std::uint32_t slots_of_line = 4;
constexpr std::size_t settings_octets = 16;
constexpr std::size_t seed_at = 4;  // behind the number of the pair
constexpr std::size_t settings_at = 8;

bpf_map_create_opts with_flags(std::uint32_t flags) {
    bpf_map_create_opts options{};
    options.sz = sizeof options;
    options.map_flags = flags;
    return options;
}

// An array of counts with space for so many keys. Its first slot is its head.
Result<Fd> new_counts(std::uint32_t keys_max, std::uint32_t processors) {
    const bpf_map_create_opts options = with_flags(BPF_F_INNER_MAP | BPF_F_MMAPABLE);
    const std::uint32_t slots = keys_max + slots_of_line * (processors + 1);
    Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "octroi_counts", sizeof(std::uint32_t),
                          sizeof(EbpfCount), slots, &options));
    if (map.get() < 0) return os_failure("create an array of counts");
    const auto info = info_of_map(map.get());
    if (!info) return std::unexpected(info.error());
    const std::uint32_t zero = 0;
    const EbpfCount head{.bytes = slots_of_line, .packets = info->id};
    if (bpf_map_update_elem(map.get(), &zero, &head, BPF_ANY) != 0)
        return os_failure("prepare an array of counts");
    return map;
}

// The rows of a map of keys, each with its slot.
struct KeyRows {
    std::vector<std::byte> keys;
    std::vector<std::uint32_t> slots;
};

Result<KeyRows> read_keys(int map, std::uint32_t key_octets) {
    KeyRows rows;
    std::uint32_t token = 0;
    std::uint32_t capacity = batch_rows;
    std::vector<std::byte> keys;
    std::vector<std::uint32_t> slots;
    void* in = nullptr;
    for (std::uint32_t tries = 0;;) {
        keys.resize(std::size_t{capacity} * key_octets);
        slots.resize(capacity);
        std::uint32_t count = capacity;
        const int outcome =
            bpf_map_lookup_batch(map, in, &token, keys.data(), slots.data(), &count, nullptr);
        const int error = outcome == 0 ? 0 : errno;
        if (error == ENOSPC && ++tries < tries_of_a_batch_max) {  // more rows in one bucket
            capacity *= 2;
            continue;
        }
        if (error != 0 && error != ENOENT) return os_failure("read a map of counts");
        rows.keys.insert(
            rows.keys.end(), keys.begin(),
            keys.begin() + static_cast<std::ptrdiff_t>(std::size_t{count} * key_octets));
        rows.slots.insert(rows.slots.end(), slots.begin(), slots.begin() + count);
        if (error == ENOENT) return rows;
        in = &token;
    }
}

}  // namespace

Result<Fd> new_states(const CountMapsLayout& layout) {
    const bpf_map_create_opts options = with_flags(BPF_F_MMAPABLE);
    Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "octroi_states", sizeof(std::uint32_t),
                          layout.state_octets, layout.processors, &options));
    if (map.get() < 0) return os_failure("create the state of the programs");
    return map;
}

Result<EbpfCountMaps::Head> EbpfCountMaps::head() const {
    Head head;
    head.settings.resize(settings_octets);
    const auto id = inner_map_id(layout_.states, 0);
    if (!id) return std::unexpected(id.error());
    if (*id == 0) return head;
    const auto state = inner_map(layout_.states, 0);
    if (!state) return std::unexpected(state.error());
    const auto mapped = MappedArray::map(
        state->get(), std::size_t{layout_.state_octets} * layout_.processors, false);
    if (!mapped) return std::unexpected(mapped.error());
    std::memcpy(&head.pair, mapped->octets().data(), sizeof head.pair);
    std::ranges::copy(mapped->octets().subspan(settings_at, settings_octets),
                      head.settings.begin());
    head.exists = true;
    return head;
}

Status EbpfCountMaps::use(const Head& head) const {
    const auto map = new_states(layout_);
    if (!map) return std::unexpected(map.error());
    {
        const auto mapped = MappedArray::map(
            map->get(), std::size_t{layout_.state_octets} * layout_.processors, true);
        if (!mapped) return std::unexpected(mapped.error());
        const auto seed = static_cast<std::uint32_t>(random_seed());
        for (std::uint32_t i = 0; i < layout_.processors; ++i) {
            const auto own = mapped->octets().subspan(std::size_t{i} * layout_.state_octets);
            std::memcpy(own.data(), &head.pair, sizeof head.pair);
            std::ranges::copy(head.settings, own.begin() + settings_at);
            std::memcpy(own.data() + seed_at, &seed, sizeof seed);
        }
    }
    return put_inner_map(layout_.states, 0, map->get());
}

Result<std::pair<std::uint32_t, std::uint32_t>> EbpfCountMaps::ids() const {
    const auto now = head();
    if (!now) return std::unexpected(now.error());
    if (!now->exists) return std::pair{0U, 0U};
    const auto counting = inner_map_id(layout_.keys, now->pair);
    if (!counting) return std::unexpected(counting.error());
    const auto before = inner_map_id(layout_.keys, 1 - now->pair);
    if (!before) return std::unexpected(before.error());
    return std::pair{*counting, *before};
}

// The state last: until then the programs use the other pair. After a kill in between, the new pair
// is an empty one of before.
Status EbpfCountMaps::count_in_new_map(std::uint32_t keys_max) const {
    auto now = head();
    if (!now) return std::unexpected(now.error());
    now->pair = now->exists ? 1 - now->pair : 0;
    const auto counts = new_counts(keys_max, layout_.processors);
    if (!counts) return std::unexpected(counts.error());
    const bpf_map_create_opts options = with_flags(BPF_F_NO_PREALLOC);
    const Fd keys(bpf_map_create(BPF_MAP_TYPE_HASH, "octroi_keys", layout_.key_octets,
                                 sizeof(std::uint32_t), keys_max, &options));
    if (keys.get() < 0) return os_failure("create a map of counts");
    if (Status put = put_inner_map(layout_.counts, now->pair, counts->get()); !put) return put;
    if (Status put = put_inner_map(layout_.keys, now->pair, keys.get()); !put) return put;
    return use(*now);
}

Status EbpfCountMaps::drop_map_before() const {
    const auto now = head();
    if (!now) return std::unexpected(now.error());
    if (!now->exists) return {};
    if (Status gone = remove_inner_map(layout_.keys, 1 - now->pair); !gone) return gone;
    return remove_inner_map(layout_.counts, 1 - now->pair);
}

Result<EbpfRows> EbpfCountMaps::read(std::uint32_t map_id) const {
    const Fd map(bpf_map_get_fd_by_id(map_id));
    if (map.get() < 0) return os_failure("open a map of counts");
    const auto first = inner_map_id(layout_.keys, 0);
    if (!first) return std::unexpected(first.error());
    const auto counts = inner_map(layout_.counts, *first == map_id ? 0 : 1);
    if (!counts) return std::unexpected(counts.error());
    const auto info = info_of_map(counts->get());
    if (!info) return std::unexpected(info.error());
    const auto mapped =
        MappedArray::map(counts->get(), std::size_t{info->max_entries} * sizeof(EbpfCount), false);
    if (!mapped) return std::unexpected(mapped.error());
    auto found = read_keys(map.get(), layout_.key_octets);
    if (!found) return std::unexpected(found.error());
    EbpfRows rows;
    rows.key_octets = layout_.key_octets;
    rows.keys = std::move(found->keys);
    for (const std::uint32_t slot : found->slots) {
        EbpfCount& count = rows.counts.emplace_back();
        if (slot < info->max_entries)
            std::memcpy(&count, &mapped->octets()[std::size_t{slot} * sizeof count], sizeof count);
    }
    return rows;
}

Status EbpfCountMaps::set_settings(std::span<const std::byte> settings) const {
    auto now = head();
    if (!now) return std::unexpected(now.error());
    std::copy_n(settings.begin(), std::min(settings.size(), settings_octets),
                now->settings.begin());
    return use(*now);
}

Status EbpfCountMaps::drop_decisions() const {
    const auto now = head();
    if (!now) return std::unexpected(now.error());
    return now->exists ? use(*now) : Status{};
}

}  // namespace octroi
