// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/count_key.hpp"

#include <array>
#include <cstring>
#include <string_view>

namespace octroi::ebpf {
namespace {

// Services of counters beside the keys, by enum octroi_other; empty: it has none.
constexpr std::array<std::string_view, OCTROI_OTHERS> other_services{
    "", "", "ethertype/arp", "ethertype/llc", "", "malformed"};

Address address_of(const __u8 (&octets)[16], std::uint8_t family) {
    return family == 4 ? Address::v4(&octets[0]) : Address::v6(&octets[0]);
}

// length_plus_1: 0 stands for all addresses.
std::string prefix_text(const __u8 (&octets)[16], std::uint8_t family, std::uint8_t length_plus_1) {
    const Address address = address_of(octets, family);
    const int length = length_plus_1 == 0 ? 0 : length_plus_1 - 1;
    return to_string(Prefix::of(address, std::min(length, address.bits())));
}

}  // namespace

octroi_key key_of(std::span<const std::byte> octets) {
    octroi_key key{};
    std::memcpy(&key, octets.data(), std::min(octets.size(), sizeof key));
    return key;
}

NameRef KeyNames::label(NameKind kind, std::uint16_t number) {
    if (number == 0) return no_name;
    NameRef& known = label_names_[static_cast<std::uint32_t>(kind) << 16U | number];
    if (known == no_name) known = names_->intern(kind, labels_->text(number));
    return known;
}

CountedVolume KeyNames::volume(const octroi_key& key) {
    CountedVolume volume;
    NameRef within = no_name;
    if (key.interface != 0) {
        const auto known = interfaces_.find(key.interface);
        if (known != interfaces_.end()) within = names_->intern(NameKind::interface, known->second);
    }
    volume.local = names_->intern(NameKind::prefix,
                                  prefix_text(key.local, key.family, key.local_length), within);
    volume.far =
        key.far_length != 0
            ? names_->intern(NameKind::prefix, prefix_text(key.far, key.family, key.far_length))
            : label(NameKind::far_class, key.far_class);
    volume.service = label(NameKind::service, key.service);
    volume.direction = (key.way & 1U) != 0 ? CountedDirection::out : CountedDirection::in;
    return volume;
}

CountedVolume KeyNames::other(std::uint32_t which) {
    CountedVolume volume;
    const bool is_overflow = which == OCTROI_OVERFLOW_IN || which == OCTROI_OVERFLOW_OUT;
    volume.direction = which == OCTROI_OVERFLOW_OUT ? CountedDirection::out : CountedDirection::in;
    if (which == OCTROI_MALFORMED)
        volume.kind = ReadingKind::malformed;
    else if (!is_overflow)
        volume.kind = ReadingKind::non_ip;
    if (which < other_services.size() && !other_services[which].empty())
        volume.service = names_->intern(NameKind::service, other_services[which]);
    return volume;
}

}  // namespace octroi::ebpf
