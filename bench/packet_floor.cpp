// SPDX-License-Identifier: GPL-3.0-or-later
#include "packet_floor.hpp"

#include <array>
#include <cstring>
#include <span>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/hash.hpp"
#include "host/file.hpp"

namespace octroi::bench {
namespace {

constexpr std::size_t block = 256 * 1024;

// Calls visit(frame, captured, wire) for each record of a little endian pcap.
template <typename Visit>
Status each_record(const std::string& path, Visit visit) {
    TRY_ASSIGN(const auto file, File::open(path));
    std::vector<std::byte> buffer(2 * block);
    std::size_t filled = 0;
    std::size_t at = 24;
    for (;;) {
        TRY_ASSIGN(const std::size_t got, file->read(std::span(buffer).subspan(filled, block)));
        if (got == 0) return {};
        filled += got;
        while (filled - at >= 16) {
            std::uint32_t captured = 0;
            std::uint32_t wire = 0;
            std::memcpy(&captured, buffer.data() + at + 8, 4);
            std::memcpy(&wire, buffer.data() + at + 12, 4);
            if (filled - at - 16 < captured) break;
            visit(buffer.data() + at + 16, captured, wire);
            at += 16 + captured;
        }
        filled -= at;
        std::memmove(buffer.data(), buffer.data() + at, filled);
        at = 0;
    }
}

struct Key {
    std::uint64_t words[5];
};

struct Entry {
    Key key;
    std::uint64_t packets;
    std::uint64_t bytes;
};

class Table {
public:
    Table() : entries_(1U << 12U) {}

    void add(const Key& key, std::uint64_t bytes) {
        Entry* e = find(key);
        if (e->packets == 0) {
            if (++used_ * 2 > entries_.size()) {
                grow();
                e = find(key);
            }
            e->key = key;
        }
        e->packets += 1;
        e->bytes += bytes;
    }
    [[nodiscard]] std::uint64_t size() const { return used_; }

private:
    Entry* find(const Key& k) {
        const std::size_t mask = entries_.size() - 1;
        std::size_t at = mix(mix(k.words[0] ^ k.words[1] ^ mix_a, k.words[2] ^ k.words[3] ^ mix_b),
                             k.words[4] ^ mix_c) &
                         mask;
        for (;; at = (at + 1) & mask) {
            Entry& e = entries_[at];
            if (e.packets == 0 || std::memcmp(&e.key, &k, sizeof k) == 0) return &e;
        }
    }
    void grow() {
        std::vector<Entry> old(entries_.size() * 2);
        old.swap(entries_);
        for (const Entry& e : old)
            if (e.packets != 0) *find(e.key) = e;
    }
    std::vector<Entry> entries_;
    std::uint64_t used_ = 0;
};

}  // namespace

Result<FloorSums> floor_lengths(const std::string& path) {
    FloorSums sums;
    TRY(each_record(path, [&](const std::byte*, std::uint32_t, std::uint32_t wire) {
        ++sums.packets;
        sums.bytes += wire;
    }));
    return sums;
}

Result<FloorSums> floor_flows(const std::string& path) {
    FloorSums sums;
    Table table;
    TRY(each_record(path, [&](const std::byte* frame, std::uint32_t captured, std::uint32_t) {
        if (captured < 58) return;
        std::size_t at = 14;
        std::uint16_t type = load_be16(frame + 12);
        if (type == 0x8100) {
            type = load_be16(frame + 16);
            at = 18;
        }
        const std::byte* const ip = frame + at;
        Key key{};
        std::uint64_t bytes = 0;
        std::uint32_t ports = 0;
        std::uint8_t proto = 0;
        if (type == 0x0800) {
            bytes = load_be16(ip + 2);
            proto = static_cast<std::uint8_t>(ip[9]);
            std::memcpy(key.words, ip + 12, 8);
            std::memcpy(&ports, ip + 20, 4);
        } else if (type == 0x86dd) {
            bytes = 40U + load_be16(ip + 4);
            proto = static_cast<std::uint8_t>(ip[6]);
            std::memcpy(key.words, ip + 8, 32);
            if (captured >= at + 44) std::memcpy(&ports, ip + 40, 4);
        } else {
            return;
        }
        if (proto != 6 && proto != 17) ports = 0;
        key.words[4] = std::uint64_t{ports} << 16U | proto;
        ++sums.packets;
        sums.bytes += bytes;
        table.add(key, bytes);
    }));
    sums.flows = table.size();
    return sums;
}

}  // namespace octroi::bench
