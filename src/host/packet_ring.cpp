// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/packet_ring.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/narrow.hpp"
#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

// Each block costs a wake-up of the reader: large ones, but enough of them that the kernel has free
// ones while the reader works.
constexpr std::uint32_t block_octets_min = 1U << 17U;
constexpr std::uint32_t block_octets_max = 1U << 20U;
constexpr std::uint32_t blocks_wanted = 8;
constexpr std::uint32_t frame_overhead_max = 256;
constexpr std::uint32_t blocks_min = 2;
constexpr std::size_t vlan_tag = 4;
constexpr std::size_t macs = 12;
constexpr std::uint16_t link_ethernet = 1;

// The header that PACKET_VNET_HDR puts before a frame: virtio_net_hdr of linux/virtio_net.h, which
// is no C++.
struct OffloadHeader {
    std::uint8_t flags;
    std::uint8_t gso_type;  // 0: the frame is one on the wire
    std::uint16_t header_octets;
    std::uint16_t gso_size;
    std::uint16_t checksum_start;
    std::uint16_t checksum_offset;
};
static_assert(sizeof(OffloadHeader) == 10);

template <typename Value>
bool set_option(int fd, int option, const Value& value) {
    return ::setsockopt(fd, SOL_PACKET, option, &value, sizeof value) == 0;
}

// Missed and fifo errors of the device: frames that no capture sees.
std::uint64_t interface_drops(const std::string& interface) {
    std::uint64_t sum = 0;
    for (const char* const counter : {"rx_missed_errors", "rx_fifo_errors"}) {
        const auto text =
            read_file(fmt::format("/sys/class/net/{}/statistics/{}", interface, counter), 64);
        if (text) sum += std::strtoull(text->c_str(), nullptr, 10);
    }
    return sum;
}

class Mapping {
public:
    Mapping() = default;
    Mapping(std::byte* data, std::size_t size) : data_(data), size_(size) {}
    Mapping(Mapping&& o) noexcept
        : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}
    Mapping& operator=(Mapping&& o) noexcept {
        std::swap(data_, o.data_);
        std::swap(size_, o.size_);
        return *this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (data_ != nullptr) ::munmap(data_, size_);
    }
    [[nodiscard]] std::byte* data() const noexcept { return data_; }

private:
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

struct Settings {
    std::string interface;
    int index = 0;
    std::uint16_t link_type = 0;
    bool loopback = false;
    bool segments = false;
};

class PacketRing final : public PacketSource {
public:
    PacketRing(Settings settings, Fd socket, Mapping mapping, const tpacket_req3& shape)
        : settings_(std::move(settings)),
          socket_(std::move(socket)),
          mapping_(std::move(mapping)),
          shape_(shape),
          first_drops_(interface_drops(settings_.interface)) {}

    [[nodiscard]] std::uint16_t link_type() const override { return settings_.link_type; }
    [[nodiscard]] bool states_segments() const override { return settings_.segments; }
    [[nodiscard]] int descriptor() const override { return socket_.get(); }

    Result<std::size_t> read(std::size_t limit, Handler handler, void* context) override {
        std::size_t frames = 0;
        while (frames < limit) {
            auto* const block = reinterpret_cast<tpacket_block_desc*>(
                mapping_.data() + std::size_t{block_} * shape_.tp_block_size);
            std::uint32_t& status = block->hdr.bh1.block_status;
            if ((__atomic_load_n(&status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) break;
            frames += read_block(*block, handler, context);
            __atomic_store_n(&status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
            block_ = block_ + 1 == shape_.tp_block_nr ? 0 : block_ + 1;
        }
        if (frames == 0) TRY(check_socket());
        return frames;
    }

    // The kernel resets its counters with each call.
    Result<CaptureStatistics> statistics() override {
        tpacket_stats_v3 since{};
        socklen_t size = sizeof since;
        if (::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &since, &size) != 0)
            return os_failure(fmt::format("read the drop counters of {}", settings_.interface));
        total_.kernel_drops += since.tp_drops;
        // Some drivers reset this counter: only an increase counts.
        const std::uint64_t drops = interface_drops(settings_.interface);
        if (drops > first_drops_) total_.interface_drops += drops - first_drops_;
        first_drops_ = drops;
        return total_;
    }

private:
    std::size_t read_block(tpacket_block_desc& block, Handler handler, void* context) {
        const tpacket_hdr_v1& head = block.hdr.bh1;
        auto* at = reinterpret_cast<std::byte*>(&block) + head.offset_to_first_pkt;
        std::size_t frames = 0;
        for (std::uint32_t i = 0; i < head.num_pkts; ++i) {
            auto* const frame = reinterpret_cast<tpacket3_hdr*>(at);
            frames += hand_over(*frame, handler, context) ? 1 : 0;
            at += frame->tp_next_offset;
        }
        return frames;
    }

    bool hand_over(tpacket3_hdr& header, Handler handler, void* context) const {
        auto* const base = reinterpret_cast<std::byte*>(&header);
        sockaddr_ll link{};
        std::memcpy(&link, base + TPACKET_ALIGN(sizeof header), sizeof link);
        const bool out = link.sll_pkttype == PACKET_OUTGOING;
        // The loopback interface shows each frame twice.
        if (out && settings_.loopback) return false;
        RawFrame frame;
        frame.time = {std::int64_t{header.tp_sec} * 1'000'000'000 + header.tp_nsec};
        frame.way = out                                    ? FrameWay::out
                    : link.sll_pkttype == PACKET_OTHERHOST ? FrameWay::other
                                                           : FrameWay::in;
        std::byte* octets = base + header.tp_mac;
        if (settings_.segments) frame.segment_octets = segment_octets(octets);
        std::size_t length = header.tp_snaplen;
        frame.wire_length = header.tp_len;
        if ((header.tp_status & TP_STATUS_VLAN_VALID) != 0 && length >= macs &&
            settings_.link_type == link_ethernet) {
            octets = insert_tag(octets, header);
            length += vlan_tag;
            frame.wire_length += vlan_tag;
        }
        frame.octets = {octets, length};
        handler(context, frame);
        return true;
    }

    [[nodiscard]] static std::uint16_t segment_octets(const std::byte* frame) {
        OffloadHeader described{};
        std::memcpy(&described, frame - sizeof described, sizeof described);
        return described.gso_type == 0 ? std::uint16_t{0} : described.gso_size;
    }

    // The kernel has removed the tag from the frame. PACKET_RESERVE has left space for it before
    // the frame.
    [[nodiscard]] static std::byte* insert_tag(std::byte* octets, const tpacket3_hdr& header) {
        const bool states_type = (header.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
        const std::uint16_t type = htons(states_type ? header.hv1.tp_vlan_tpid : ETHERTYPE_VLAN);
        const std::uint16_t tag = htons(static_cast<std::uint16_t>(header.hv1.tp_vlan_tci));
        std::byte* const begin = octets - vlan_tag;
        std::memmove(begin, octets, macs);
        std::memcpy(begin + macs, &type, sizeof type);
        std::memcpy(begin + macs + sizeof type, &tag, sizeof tag);
        return begin;
    }

    // An interface that is down may come back; one that was removed does not.
    [[nodiscard]] Status check_socket() const {
        pollfd polled{socket_.get(), POLLIN, 0};
        if (::poll(&polled, 1, 0) <= 0 || (polled.revents & (POLLERR | POLLHUP)) == 0) return {};
        int error = 0;
        socklen_t size = sizeof error;
        static_cast<void>(::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size));
        std::array<char, IF_NAMESIZE> name{};
        const bool exists =
            ::if_indextoname(static_cast<unsigned>(settings_.index), name.data()) != nullptr;
        if (exists && (error == 0 || error == ENETDOWN)) return {};
        return fail(ErrorCode::failed,
                    fmt::format("cannot capture on {}: {}", settings_.interface,
                                exists ? std::strerror(error) : "the interface disappeared"));
    }

    Settings settings_;
    Fd socket_;
    Mapping mapping_;
    tpacket_req3 shape_;
    std::uint32_t block_ = 0;  // the next one to read
    std::uint64_t first_drops_;
    CaptureStatistics total_;
};

tpacket_req3 shape_of(const CaptureOptions& options) {
    tpacket_req3 shape{};
    const std::uint32_t share = std::bit_floor(options.ring_octets / blocks_wanted);
    shape.tp_block_size = std::max(std::clamp(share, block_octets_min, block_octets_max),
                                   std::bit_ceil(options.snap_length + frame_overhead_max));
    shape.tp_block_nr = std::max(blocks_min, options.ring_octets / shape.tp_block_size);
    shape.tp_frame_size = shape.tp_block_size;
    shape.tp_frame_nr = shape.tp_block_nr;
    // The kernel closes a block that is not full after this time.
    shape.tp_retire_blk_tov = narrow<unsigned>(CaptureHost::delivery_delay.ns / 1'000'000);
    return shape;
}

Status attach_filter(int fd, const std::vector<FilterStep>& steps) {
    std::vector<sock_filter> program;
    for (const FilterStep& step : steps)
        program.push_back({step.code, step.jump_true, step.jump_false, step.value});
    const sock_fprog attached{narrow<unsigned short>(program.size()), program.data()};
    if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) != 0)
        return os_failure("attach the filter");
    return {};
}

Status set_up(int fd, const CaptureOptions& options, const Settings& settings,
              const std::vector<FilterStep>& filter, const tpacket_req3& shape) {
    TRY(attach_filter(fd, filter));
    const int version = TPACKET_V3;
    const auto reserved = static_cast<unsigned>(vlan_tag);
    if (!set_option(fd, PACKET_VERSION, version) || !set_option(fd, PACKET_RESERVE, reserved) ||
        !set_option(fd, PACKET_RX_RING, shape))
        return os_failure(
            fmt::format("make a ring of {} octets for {}", options.ring_octets, options.interface));
    packet_mreq promiscuous{};
    promiscuous.mr_ifindex = settings.index;
    promiscuous.mr_type = PACKET_MR_PROMISC;
    if (options.promiscuous && !set_option(fd, PACKET_ADD_MEMBERSHIP, promiscuous))
        return os_failure(fmt::format("make {} promiscuous", options.interface));
    return {};
}

}  // namespace

// Kernels before 6.2 drop a frame from such a ring if they cannot describe its segments, as those
// of UDP (include/linux/virtio_net.h, virtio_net_hdr_from_skb). Losing frames is worse.
bool packet_rings_state_segments() {
    utsname system{};
    if (::uname(&system) != 0) return false;
    char* rest = nullptr;
    const unsigned long major = std::strtoul(system.release, &rest, 10);
    const unsigned long minor = *rest == '.' ? std::strtoul(rest + 1, nullptr, 10) : 0;
    return major > 6 || (major == 6 && minor >= 2);
}

Result<std::unique_ptr<PacketSource>> open_packet_ring(const CaptureOptions& options,
                                                       const std::vector<FilterStep>& filter,
                                                       std::uint16_t link_type) {
    Settings settings{.interface = options.interface, .link_type = link_type};
    settings.index = static_cast<int>(::if_nametoindex(options.interface.c_str()));
    if (settings.index == 0)
        return fail(ErrorCode::not_found,
                    fmt::format("interface {} does not exist", options.interface));
    TRY_ASSIGN(const Interface present, interface(options.interface));
    settings.loopback = present.loopback;
    // Without a protocol no frame arrives before bind().
    Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd.get() < 0) return os_failure(fmt::format("capture on {}", options.interface));
    const int on = 1;
    settings.segments = packet_rings_state_segments() && set_option(fd.get(), PACKET_VNET_HDR, on);
    const tpacket_req3 shape = shape_of(options);
    TRY(set_up(fd.get(), options, settings, filter, shape));
    const std::size_t size = std::size_t{shape.tp_block_size} * shape.tp_block_nr;
    void* const data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (data == MAP_FAILED) return os_failure(fmt::format("map the ring of {}", options.interface));
    Mapping mapping(static_cast<std::byte*>(data), size);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = settings.index;
    const void* const where = &address;
    if (::bind(fd.get(), static_cast<const sockaddr*>(where), sizeof address) != 0)
        return os_failure(fmt::format("capture on {}", options.interface));
    return std::make_unique<PacketRing>(std::move(settings), std::move(fd), std::move(mapping),
                                        shape);
}

}  // namespace octroi
