// SPDX-License-Identifier: GPL-3.0-or-later
#include "ring_floor.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/narrow.hpp"

namespace octroi::bench {
namespace {

constexpr std::uint32_t block_octets = 1U << 20U;
constexpr std::uint32_t blocks = 64;  // as much as octroi has by default

std::byte* open_ring(int socket, const std::string& link) {
    const int version = TPACKET_V3;
    tpacket_req3 request{};
    request.tp_block_size = block_octets;
    request.tp_block_nr = blocks;
    request.tp_frame_size = 2048;
    request.tp_frame_nr = block_octets / request.tp_frame_size * blocks;
    request.tp_retire_blk_tov = 60;  // ms
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = narrow<int>(::if_nametoindex(link.c_str()));
    if (::setsockopt(socket, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
        ::setsockopt(socket, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0)
        return nullptr;
    void* const ring = ::mmap(nullptr, std::size_t{block_octets} * blocks, PROT_READ | PROT_WRITE,
                              MAP_SHARED, socket, 0);
    if (ring == MAP_FAILED) return nullptr;
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return nullptr;
    return static_cast<std::byte*>(ring);
}

void count_block(const tpacket_block_desc* block, RingCounts& counts) {
    const auto* at = reinterpret_cast<const std::byte*>(block) + block->hdr.bh1.offset_to_first_pkt;
    for (std::uint32_t i = 0; i < block->hdr.bh1.num_pkts; ++i) {
        const auto* header = reinterpret_cast<const tpacket3_hdr*>(at);
        ++counts.packets;
        counts.octets += header->tp_len;
        at += header->tp_next_offset;
    }
}

// Until a signal stops the process and the ring is empty.
void count_all(int socket, std::byte* ring, RingCounts& counts) {
    for (std::uint32_t next = 0;;) {
        auto* block =
            reinterpret_cast<tpacket_block_desc*>(ring + std::size_t{next} * block_octets);
        if ((__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) ==
            0) {
            pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
            constexpr int limit_ms = 200;
            if (::poll(&wait, 1, limit_ms) == 0 && floor_stopped != 0) return;
            continue;
        }
        count_block(block, counts);
        __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        next = (next + 1) % blocks;
    }
}

std::optional<RingCounts> capture(const std::string& link, const std::function<void()>& ready) {
    const int socket = ::socket(AF_PACKET, SOCK_RAW, 0);
    std::byte* const ring = open_ring(socket, link);
    if (ring == nullptr) return std::nullopt;
    ready();
    RingCounts counts;
    count_all(socket, ring, counts);
    tpacket_stats_v3 stats{};
    socklen_t length = sizeof stats;
    if (::getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, &stats, &length) != 0)
        return std::nullopt;
    counts.dropped = stats.tp_drops;
    return counts;
}

}  // namespace

std::unique_ptr<RingFloor> start_ring_floor(const std::string& space, const std::string& link,
                                            int processor) {
    return std::make_unique<RingFloor>(
        space, processor, [&](const std::function<void()>& ready) { return capture(link, ready); });
}

}  // namespace octroi::bench
