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

// A binding of a group applies to the groups within it. The root has no name.
NameRef KeyNames::group_name(std::string_view path) {
    if (path.size() < 2) return no_name;
    const NameRef within = group_name(path.substr(0, path.rfind('/')));
    return names_->intern(NameKind::cgroup, std::string(path), within);
}

NameRef KeyNames::local_name(const octroi_key& key) {
    const unsigned by = key.way >> 1U;
    if (by == OCTROI_BY_UID) {
        std::uint32_t uid = 0;
        std::memcpy(&uid, &key.local[0], sizeof uid);
        return names_->intern(NameKind::uid, std::to_string(uid));
    }
    if (by == OCTROI_BY_CGROUP) {
        std::uint64_t id = 0;
        std::memcpy(&id, &key.local[0], sizeof id);
        const auto known = groups_.find(id);
        return known == groups_.end() ? no_name : group_name(known->second);
    }
    NameRef within = no_name;
    if (key.interface != 0) {
        const auto known = interfaces_.find(key.interface);
        if (known != interfaces_.end()) within = names_->intern(NameKind::interface, known->second);
    }
    return names_->intern(NameKind::prefix, prefix_text(key.local, key.family, key.local_length),
                          within);
}

CountedVolume KeyNames::volume(const octroi_key& key) {
    CountedVolume volume;
    volume.local = local_name(key);
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
