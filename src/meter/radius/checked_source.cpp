// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/checked_source.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "wire/radius/packet.hpp"

namespace octroi::radius_meter {
namespace {

// Datagrams of one call of the socket. They need 4.3 MiB, most of which the kernel never allocates.
constexpr std::size_t checked_batch = 64;
constexpr std::size_t checked_slot = radius::packet_octets_max;

void put_datagram(const DatagramBuffers& buffers, std::size_t place,
                  const journal::Message& message) {
    const std::size_t length = message.octets.size();
    const std::size_t fits = std::min(buffers.slot, length);
    std::memcpy(buffers.data + place * buffers.slot, message.octets.data(), fits);
    if (length > fits)
        std::memcpy(buffers.overflow + place * overflow_stride, message.octets.data() + fits,
                    length - fits);
    // The last step, as the kernel does it: a slot with a length has a whole datagram.
    write_datagram(buffers.headers[place], buffers.origins[place],
                   static_cast<std::uint32_t>(length), message.sender, message.port,
                   message.received);
}

}  // namespace

CheckedSource::CheckedSource(std::unique_ptr<DatagramSource> source, Check is_accepted)
    : source_(std::move(source)),
      is_accepted_(std::move(is_accepted)),
      headers_(checked_batch),
      origins_(checked_batch),
      data_(std::make_unique_for_overwrite<std::byte[]>(checked_batch * checked_slot)),
      overflow_(std::make_unique_for_overwrite<std::byte[]>(checked_batch * overflow_stride)) {}

Result<std::size_t> CheckedSource::receive(const DatagramBuffers& buffers, UtcTime now) {
    std::size_t accepted = 0;
    for (std::size_t looked = 0; looked < datagram_batch;) {
        const std::size_t asked =
            std::min({checked_batch, buffers.headers.size() - accepted, datagram_batch - looked});
        if (asked == 0) break;
        std::ranges::fill(headers_, DatagramHeader{});
        const auto got = source_->receive({std::span(headers_).first(asked), origins_.data(),
                                           data_.get(), checked_slot, overflow_.get()},
                                          now);
        if (!got && accepted == 0) return got;
        const std::size_t count = got.value_or(0);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t length =
                std::min<std::size_t>(datagram_length(headers_[i]), checked_slot);
            const journal::Message message{{data_.get() + i * checked_slot, length},
                                           datagram_sender(origins_[i]),
                                           datagram_port(origins_[i]),
                                           UtcTime{origins_[i].received_ns}};
            if (is_accepted_(message)) put_datagram(buffers, accepted++, message);
        }
        looked += count;
        examined_ += count;
        if (count < asked) break;
    }
    return accepted;
}

}  // namespace octroi::radius_meter
