// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/capture.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/narrow.hpp"
#include "host/packet_ring.hpp"
#include "host/privilege.hpp"

namespace octroi {
namespace {

struct PcapClose {
    void operator()(pcap_t* handle) const noexcept { ::pcap_close(handle); }
};
using Handle = std::unique_ptr<pcap_t, PcapClose>;

struct FilterProgram {
    bpf_program program{};
    ~FilterProgram() { ::pcap_freecode(&program); }
};

class PcapSource final : public PacketSource {
public:
    PcapSource(Handle handle, std::string interface, std::uint16_t link_type)
        : handle_(std::move(handle)), interface_(std::move(interface)), link_type_(link_type) {}

    [[nodiscard]] std::uint16_t link_type() const override { return link_type_; }

    Result<std::size_t> read(std::size_t limit, Handler handler, void* context) override {
        Call call{handler, context};
        const int got = ::pcap_dispatch(handle_.get(), narrow<int>(limit), &on_frame,
                                        reinterpret_cast<u_char*>(&call));
        if (got < 0)
            return fail(ErrorCode::failed, fmt::format("cannot capture on {}: {}", interface_,
                                                       ::pcap_geterr(handle_.get())));
        return static_cast<std::size_t>(got);
    }

    // libpcap counts in 32 bits. The difference is right if the counter wraps at most once between
    // two calls.
    Result<CaptureStatistics> statistics() override {
        pcap_stat now{};
        if (::pcap_stats(handle_.get(), &now) != 0)
            return fail(ErrorCode::failed, fmt::format("cannot read the drop counters of {}: {}",
                                                       interface_, ::pcap_geterr(handle_.get())));
        total_.kernel_drops += now.ps_drop - last_.ps_drop;
        // Some drivers reset this counter. Unsigned subtraction would then look like a wrap and add
        // almost 2^32, so only an increase counts.
        if (now.ps_ifdrop > last_.ps_ifdrop)
            total_.interface_drops += now.ps_ifdrop - last_.ps_ifdrop;
        last_ = now;
        return total_;
    }

    [[nodiscard]] int descriptor() const override {
        return ::pcap_get_selectable_fd(handle_.get());
    }

private:
    struct Call {
        Handler handler;
        void* context;
    };
    static void on_frame(u_char* user, const pcap_pkthdr* header, const u_char* octets) {
        const auto& call = *reinterpret_cast<const Call*>(user);
        // With PCAP_TSTAMP_PRECISION_NANO, which open() requires, tv_usec contains nanoseconds.
        const UtcTime time{header->ts.tv_sec * 1'000'000'000 + header->ts.tv_usec};
        call.handler(call.context,
                     {std::as_bytes(std::span(octets, header->caplen)), header->len, time});
    }

    Handle handle_;
    std::string interface_;
    std::uint16_t link_type_;
    pcap_stat last_{};
    CaptureStatistics total_;
};

std::unexpected<Error> not_permitted(const CaptureOptions& options) {
    std::vector<std::string> missing = missing_capture_capabilities();
    // CAP_NET_ADMIN is needed for promiscuous mode only.
    if (!options.promiscuous) std::erase(missing, "CAP_NET_ADMIN");
    const std::string which =
        missing.empty() ? "a privilege" : fmt::format("{}", fmt::join(missing, " and "));
    const std::string program = program_path();
    return fail(ErrorCode::permission,
                fmt::format("interface {}: capturing needs {}, which this process does not have; "
                            "next: run it with sudo, or run once: sudo setcap "
                            "cap_net_raw,cap_net_admin=eip {}",
                            options.interface, which, program));
}

std::unexpected<Error> not_activated(int status, pcap_t* handle, const CaptureOptions& options) {
    switch (status) {
        case PCAP_ERROR_PERM_DENIED:
        case PCAP_ERROR_PROMISC_PERM_DENIED:
            return not_permitted(options);
        case PCAP_ERROR_NO_SUCH_DEVICE:
            return fail(ErrorCode::not_found,
                        fmt::format("interface {} does not exist", options.interface));
        case PCAP_ERROR_IFACE_NOT_UP:
            return fail(ErrorCode::failed,
                        fmt::format("interface {} is down; next: ip link set {} up",
                                    options.interface, options.interface));
        default:
            break;
    }
    const std::string why = ::pcap_geterr(handle);
    return fail(ErrorCode::failed, fmt::format("cannot capture on {}: {}", options.interface,
                                               why.empty() ? ::pcap_statustostr(status) : why));
}

Status set_filter(pcap_t* handle, const CaptureOptions& options, FilterProgram& filter) {
    // An empty filter is set too. The kernel cuts a packet to the length that the filter program
    // returns; without a program the ring fills with whole packets, of up to 64 KiB with
    // segmentation offload.
    if (::pcap_compile(handle, &filter.program, options.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) !=
        0)
        return fail(ErrorCode::invalid,
                    fmt::format("filter '{}' is not valid (syntax: man pcap-filter): {}",
                                options.filter, ::pcap_geterr(handle)));
    if (::pcap_setfilter(handle, &filter.program) != 0)
        return fail(ErrorCode::failed, fmt::format("cannot set the filter on {}: {}",
                                                   options.interface, ::pcap_geterr(handle)));
    return {};
}

std::vector<FilterStep> compiled(const bpf_program& program) {
    std::vector<FilterStep> steps;
    for (const bpf_insn& step : std::span(program.bf_insns, program.bf_len))
        steps.push_back({step.code, step.jt, step.jf, step.k});
    return steps;
}

}  // namespace

Result<std::unique_ptr<PacketSource>> SystemCaptureHost::open(const CaptureOptions& options) {
    std::array<char, PCAP_ERRBUF_SIZE> why{};
    Handle handle_owner(::pcap_create(options.interface.c_str(), why.data()));
    pcap_t* const handle = handle_owner.get();
    if (handle == nullptr)
        return fail(ErrorCode::failed,
                    fmt::format("cannot capture on {}: {}", options.interface, why.data()));
    ::pcap_set_snaplen(handle, narrow<int>(options.snap_length));
    ::pcap_set_promisc(handle, options.promiscuous ? 1 : 0);
    // The kernel closes a ring block that is not full after this time.
    ::pcap_set_timeout(handle, static_cast<int>(delivery_delay.ns / 1'000'000));
    ::pcap_set_buffer_size(handle, narrow<int>(options.ring_octets));
    // on_frame() cannot see the precision, so microseconds are refused.
    if (::pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO) != 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("interface {}: this libpcap has no timestamps in nanoseconds",
                                options.interface));
    const int status = ::pcap_activate(handle);
    if (status < 0) return not_activated(status, handle, options);
    if (::pcap_setnonblock(handle, 1, why.data()) != 0)
        return fail(ErrorCode::failed,
                    fmt::format("cannot capture on {}: {}", options.interface, why.data()));
    // After the activation: the program depends on the link type.
    FilterProgram filter;
    TRY(set_filter(handle, options, filter));
    const int link = ::pcap_datalink(handle);
    // libpcap has checked the options, and has found the link type. For the usual ones a ring of
    // our own replaces it: that states the direction and the segments of a frame.
    if (link == DLT_EN10MB || link == DLT_RAW) {
        TRY_ASSIGN(auto ring, open_packet_ring(options, compiled(filter.program),
                                               narrow<std::uint16_t>(link)));
        return ring;
    }
    return std::make_unique<PcapSource>(std::move(handle_owner), options.interface,
                                        narrow<std::uint16_t>(link));
}

Result<std::vector<Interface>> SystemCaptureHost::interfaces() { return octroi::interfaces(); }

Result<std::string> SystemCaptureHost::boot_id() { return octroi::boot_id(); }

void SystemCaptureHost::wait(std::span<PacketSource* const> sources, Duration wait) {
    std::vector<pollfd> polled;
    for (const PacketSource* source : sources) polled.push_back({source->descriptor(), POLLIN, 0});
    // A signal or an error ends the wait early; the caller polls again in any case.
    const auto ms = static_cast<int>(std::clamp<std::int64_t>(wait.ns / 1'000'000, 0, 60'000));
    static_cast<void>(::poll(polled.data(), polled.size(), ms));
}

std::unique_ptr<ConnectionHost> CaptureHost::connection_host() {
    return std::make_unique<SystemConnectionHost>();
}

}  // namespace octroi
