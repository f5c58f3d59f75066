// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/recount.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <array>
#include <cstdio>
#include <memory>

#include "host/file.hpp"
#include "host/inflate.hpp"
#include "host/os_error.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::capture {
namespace {

struct Closer {
    void operator()(pcap_t* file) const { pcap_close(file); }
};

// libpcap has numbers of its own for what a file begins with. They differ for one of the link types
// that are decoded.
packet::LinkType link_of(int datalink) noexcept {
    if (datalink == DLT_ATM_RFC1483) return packet::LinkType::atm_rfc1483;
    return packet::LinkType{static_cast<std::uint16_t>(datalink)};
}

}  // namespace

namespace {

// fopencookie(3): libpcap reads the octets behind the compression.
ssize_t read_source(void* source, char* into, std::size_t size) {
    const auto got =
        static_cast<ByteSource*>(source)->read(std::as_writable_bytes(std::span(into, size)));
    return got ? static_cast<ssize_t>(*got) : -1;
}
int close_source(void* source) {
    const std::unique_ptr<ByteSource> owned(static_cast<ByteSource*>(source));
    return 0;
}

Result<std::FILE*> open_stream(const std::string& path) {
    TRY_ASSIGN(auto file, File::open(path));
    TRY_ASSIGN(auto source, inflate(std::move(file)));
    std::FILE* stream = fopencookie(
        source.get(), "r",
        {.read = read_source, .write = nullptr, .seek = nullptr, .close = close_source});
    if (stream == nullptr) return os_failure("open " + path);
    static_cast<void>(source.release());  // close_source() deletes it
    return stream;
}

}  // namespace

Result<BucketCounts> recount(const std::string& path) {
    std::array<char, PCAP_ERRBUF_SIZE> problem{};
    TRY_ASSIGN(std::FILE * stream, open_stream(path));
    const std::unique_ptr<pcap_t, Closer> file(pcap_fopen_offline_with_tstamp_precision(
        stream, PCAP_TSTAMP_PRECISION_NANO, problem.data()));
    if (!file) static_cast<void>(std::fclose(stream));  // else pcap_close() does it
    if (!file)
        return fail(ErrorCode::unsupported,
                    fmt::format("libpcap cannot read {}: {}", path, problem.data()));
    const packet::LinkType link = link_of(pcap_datalink(file.get()));
    if (!packet::is_supported(link))
        return fail(ErrorCode::unsupported, fmt::format("{}: link type {} is not decoded", path,
                                                        pcap_datalink(file.get())));
    // Decoded as in the meter: this count checks everything behind the decoder.
    BucketCounts buckets;
    pcap_pkthdr* header = nullptr;
    const unsigned char* octets = nullptr;
    while (pcap_next_ex(file.get(), &header, &octets) == 1) {
        packet::Packet packet;
        packet::decode(link, std::as_bytes(std::span(octets, header->caplen)), header->len, packet);
        // With nanosecond precision asked for, tv_usec holds nanoseconds.
        const UtcTime time{header->ts.tv_sec * 1'000'000'000 + header->ts.tv_usec};
        BucketCount& bucket = buckets[bucket_start(time)];
        bucket.bytes += packet.bytes;
        ++bucket.packets;
    }
    return buckets;
}

}  // namespace octroi::capture
