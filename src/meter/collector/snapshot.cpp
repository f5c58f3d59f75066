// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/snapshot.hpp"

#include <utility>

#include "base/byte_cursor.hpp"
#include "meter/state/state_files.hpp"

namespace octroi::collector {
namespace {

// DO NOT CHANGE: snapshots on disk contain it.
constexpr std::uint32_t magic = 0x6f637431;  // "oct1"

}  // namespace

std::string encode(Snapshot&& snapshot) {
    std::string out = std::move(snapshot.exporters);
    ByteWriter head;
    head.be32(magic);
    head.be32(static_cast<std::uint32_t>(out.size()));
    out.insert(0, head.octets());
    ByteWriter tail;
    tail.be32(static_cast<std::uint32_t>(snapshot.normalizer.size()));
    out += tail.drain();
    out += snapshot.normalizer;
    tail.be32(static_cast<std::uint32_t>(snapshot.drops.size()));
    for (const SocketDrops& entry : snapshot.drops) {
        tail.text(entry.socket);
        tail.be64(entry.dropped);  // 64 bits in the file, though the kernel counts 32
    }
    out += tail.octets();
    return out;
}

Result<Snapshot> read_snapshot(const std::string& path) {
    const auto damaged = [&] { return fail(ErrorCode::corrupt, path + " is damaged"); };
    TRY_ASSIGN(const std::string content, read_state_file(path));
    ByteCursor in(as_octets(content));
    Snapshot snapshot;
    std::uint32_t found = 0;
    std::uint32_t sockets = 0;
    if (!in.be32(found) || found != magic || !in.text(snapshot.exporters) ||
        !in.text(snapshot.normalizer) || !in.be32(sockets))
        return damaged();
    for (std::uint32_t i = 0; i < sockets; ++i) {
        SocketDrops& entry = snapshot.drops.emplace_back();
        std::uint64_t dropped = 0;
        if (!in.text(entry.socket) || !in.be64(dropped)) return damaged();
        entry.dropped = static_cast<std::uint32_t>(dropped);
    }
    return snapshot;
}

}  // namespace octroi::collector
